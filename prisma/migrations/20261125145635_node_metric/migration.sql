-- CreateTable
CREATE TABLE "node_metric" (
    "node_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "epoch" INTEGER NOT NULL,
    "written" xid8 NOT NULL,

    CONSTRAINT "node_metric_pkey" PRIMARY KEY ("node_id","name")
);

-- CreateIndex
CREATE INDEX "node_metric_written_idx" ON "node_metric"("written");

-- AddForeignKey
ALTER TABLE "node_metric" ADD CONSTRAINT "node_metric_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE CASCADE ON UPDATE CASCADE;
