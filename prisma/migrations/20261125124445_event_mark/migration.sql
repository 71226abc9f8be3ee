-- AlterEnum
ALTER TYPE "EventKind" ADD VALUE 'SYSTEM_CREATED';

-- AlterTable
ALTER TABLE "event" ADD COLUMN     "mark" TEXT NOT NULL DEFAULT '';

-- AlterTable
ALTER TABLE "system" ADD COLUMN     "mark" TEXT NOT NULL DEFAULT '';
