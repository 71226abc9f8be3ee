-- DropIndex
DROP INDEX "node_status_name_id_idx";

-- CreateIndex
CREATE INDEX "node_name_id_idx" ON "node"("name", "id");

-- CreateIndex
CREATE UNIQUE INDEX "node_status_name_id_key" ON "node"("status", "name", "id");
