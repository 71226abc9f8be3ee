-- CreateEnum
CREATE TYPE "Lateness" AS ENUM ('EXPIRE', 'RUN_LATE', 'WINDOW');

-- AlterTable
ALTER TABLE "command" ADD COLUMN     "taken_back" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "operation" ADD COLUMN     "lateness" "Lateness" NOT NULL DEFAULT 'EXPIRE';

-- Operations that were started before and never expire.
UPDATE "operation" SET "lateness" = 'RUN_LATE' WHERE "expires_in_seconds" IS NULL;
