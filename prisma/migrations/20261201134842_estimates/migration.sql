-- AlterTable
ALTER TABLE "operation" ADD COLUMN "estimate" JSONB;
