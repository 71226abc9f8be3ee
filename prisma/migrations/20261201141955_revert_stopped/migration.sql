-- AlterTable
ALTER TABLE "operation" ADD COLUMN     "revert_reason" TEXT;
