-- CreateTable
CREATE TABLE "device" (
    "id" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "person_id" TEXT NOT NULL,
    "last_log_in_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "device_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "device_hash_key" ON "device"("hash");

-- CreateIndex
CREATE INDEX "device_person_id_idx" ON "device"("person_id");

-- CreateIndex
CREATE INDEX "device_last_log_in_at_idx" ON "device"("last_log_in_at");

-- AddForeignKey
ALTER TABLE "device" ADD CONSTRAINT "device_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person"("id") ON DELETE CASCADE ON UPDATE CASCADE;
