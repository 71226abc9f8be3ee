-- CreateTable
CREATE TABLE "former_label" (
    "cluster_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "former_label_pkey" PRIMARY KEY ("cluster_id","key","value")
);

-- AddForeignKey
ALTER TABLE "former_label" ADD CONSTRAINT "former_label_cluster_id_fkey" FOREIGN KEY ("cluster_id") REFERENCES "cluster"("id") ON DELETE CASCADE ON UPDATE CASCADE;
