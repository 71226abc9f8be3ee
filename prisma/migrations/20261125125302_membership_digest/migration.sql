-- AlterTable
ALTER TABLE "cluster" ADD COLUMN     "membership_digest" TEXT;
