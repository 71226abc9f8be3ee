-- CreateTable
CREATE TABLE "cluster_label" (
    "cluster_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "cluster_label_pkey" PRIMARY KEY ("cluster_id","key")
);

-- The labels that there are move over before their column goes.
INSERT INTO "cluster_label" ("cluster_id", "key", "value")
SELECT "cluster"."id", "label"."key", "label"."value" FROM "cluster", jsonb_each_text("cluster"."labels") AS "label";

-- AlterTable
ALTER TABLE "cluster" DROP COLUMN "labels";

-- CreateIndex
CREATE INDEX "cluster_label_key_value_idx" ON "cluster_label"("key", "value");

-- AddForeignKey
ALTER TABLE "cluster_label" ADD CONSTRAINT "cluster_label_cluster_id_fkey" FOREIGN KEY ("cluster_id") REFERENCES "cluster"("id") ON DELETE CASCADE ON UPDATE CASCADE;
