-- AlterTable
ALTER TABLE "former_label" ADD COLUMN     "removed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
-- When those of before were removed is not known: they are kept for as long as if it were now.
ALTER TABLE "former_label" ALTER COLUMN "removed_at" DROP DEFAULT;

-- CreateIndex
CREATE INDEX "former_label_removed_at_idx" ON "former_label"("removed_at");
