-- AlterTable
ALTER TABLE "cluster" ADD COLUMN     "membership_mark" TEXT;
