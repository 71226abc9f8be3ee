-- AlterEnum
ALTER TYPE "EventKind" ADD VALUE 'CALENDAR_CHANGED';

-- AlterTable
ALTER TABLE "operation" ADD COLUMN     "override_reason" TEXT,
ADD COLUMN     "starts_at" TIMESTAMPTZ(3),
ALTER COLUMN "expires_in_seconds" DROP NOT NULL;

-- CreateTable
CREATE TABLE "freeze" (
    "id" TEXT NOT NULL,
    "clusters" JSONB,
    "reason" TEXT NOT NULL,
    "from" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "freeze_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "maintenance_window" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "clusters" JSONB,
    "reason" TEXT NOT NULL,
    "schedule" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "duration_seconds" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "maintenance_window_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "freeze_until_idx" ON "freeze"("until");

-- CreateIndex
CREATE INDEX "freeze_from_id_idx" ON "freeze"("from", "id");

-- CreateIndex
CREATE INDEX "maintenance_window_name_id_idx" ON "maintenance_window"("name", "id");
