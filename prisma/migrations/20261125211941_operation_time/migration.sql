-- AlterTable
ALTER TABLE "operation" ADD COLUMN     "starts_at" TIMESTAMPTZ(3);
