-- CreateEnum
CREATE TYPE "WaveStatus" AS ENUM ('PENDING', 'RUNNING', 'SOAKING', 'SUCCEEDED', 'FAILED', 'ABORTED');

-- AlterEnum
ALTER TYPE "OperationKind" ADD VALUE 'START';
ALTER TYPE "CommandStatus" ADD VALUE 'PLANNED';
ALTER TYPE "CommandStatus" ADD VALUE 'SKIPPED';

-- AlterEnum
ALTER TYPE "EventKind" RENAME VALUE 'COMMAND_ABORT_REQUESTED' TO 'COMMAND_WISHED';
ALTER TYPE "EventKind" ADD VALUE 'WAVE_CHANGED';

-- AlterEnum
ALTER TYPE "OperationStatus" ADD VALUE 'PAUSED';

-- DropIndex
DROP INDEX "command_operation_id_cluster_id_key";

-- AlterTable
ALTER TABLE "command" ADD COLUMN     "abort_at_once" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "attempt" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "current" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "not_before" TIMESTAMPTZ(3),
ADD COLUMN     "pause_reason" TEXT,
ADD COLUMN     "paused_at" TIMESTAMPTZ(3),
ADD COLUMN     "position" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "wave_id" TEXT,
ALTER COLUMN "issued_at" DROP NOT NULL,
ALTER COLUMN "expires_at" DROP NOT NULL;

-- AlterTable
ALTER TABLE "operation" ADD COLUMN     "expires_in_seconds" INTEGER NOT NULL DEFAULT 86400,
ADD COLUMN     "hold" JSONB,
ADD COLUMN     "pause_reason" TEXT,
ADD COLUMN     "paused_at" TIMESTAMPTZ(3),
ADD COLUMN     "reverts_id" TEXT,
ADD COLUMN     "started_by" TEXT,
ADD COLUMN     "rollout" JSONB NOT NULL DEFAULT '{"waves": [], "clustersAtOnce": 10, "soakSeconds": 0, "failureBudget": {"count": 0}, "onExceeded": "PAUSE", "offlineBudget": {"percent": 100}}';

-- AlterTable
ALTER TABLE "step" ADD COLUMN     "paused_at" TIMESTAMPTZ(3),
ADD COLUMN     "skip_requested" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "wave" (
    "id" TEXT NOT NULL,
    "operation_id" TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "status" "WaveStatus" NOT NULL,
    "status_reason" TEXT,
    "manual_gate" BOOLEAN NOT NULL,
    "promoted_at" TIMESTAMPTZ(3),
    "promoted_by" TEXT,
    "soak_seconds" INTEGER NOT NULL,
    "failure_budget" INTEGER NOT NULL,
    "offline_budget" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "soak_until" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "paused_at" TIMESTAMPTZ(3),
    "pause_reason" TEXT,
    "planned" INTEGER NOT NULL DEFAULT 0,
    "pending" INTEGER NOT NULL DEFAULT 0,
    "accepted" INTEGER NOT NULL DEFAULT 0,
    "running" INTEGER NOT NULL DEFAULT 0,
    "succeeded" INTEGER NOT NULL DEFAULT 0,
    "failed" INTEGER NOT NULL DEFAULT 0,
    "refused" INTEGER NOT NULL DEFAULT 0,
    "aborted" INTEGER NOT NULL DEFAULT 0,
    "expired" INTEGER NOT NULL DEFAULT 0,
    "skipped" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "wave_pkey" PRIMARY KEY ("id")
);

-- Operations from before: all of one was one wave, and issued at once.
INSERT INTO "wave" ("id", "operation_id", "index", "name", "status", "status_reason", "manual_gate", "soak_seconds",
  "failure_budget", "offline_budget", "started_at", "finished_at", "pending", "accepted", "running", "succeeded", "failed",
  "refused", "aborted", "expired")
SELECT gen_random_uuid()::text, o."id", 0, 'all',
  CASE WHEN o."finished_at" IS NULL THEN 'RUNNING' ELSE o."status"::text END::"WaveStatus", o."status_reason", false, 0,
  count(c."id"), count(c."id"), o."created_at", o."finished_at",
  count(*) FILTER (WHERE c."status" = 'PENDING'), count(*) FILTER (WHERE c."status" = 'ACCEPTED'),
  count(*) FILTER (WHERE c."status" = 'RUNNING'), count(*) FILTER (WHERE c."status" = 'SUCCEEDED'),
  count(*) FILTER (WHERE c."status" = 'FAILED'), count(*) FILTER (WHERE c."status" = 'REFUSED'),
  count(*) FILTER (WHERE c."status" = 'ABORTED'), count(*) FILTER (WHERE c."status" = 'EXPIRED')
FROM "operation" o JOIN "command" c ON c."operation_id" = o."id" GROUP BY o."id";
UPDATE "command" c SET "wave_id" = w."id" FROM "wave" w WHERE w."operation_id" = c."operation_id";
-- Whose keys those were nobody has written down: they are nobody's any more.
UPDATE "operation" SET "started_by" = 'before';
UPDATE "operation" SET "rolling" = jsonb_build_object(
  'batchSize', jsonb_build_object('count', "rolling"->'batchSize'),
  'maxUnavailable', jsonb_build_object('count', "rolling"->'maxUnavailable'),
  'byZone', false, 'order', 'NAME', 'lastRoles', '[]'::jsonb,
  'healthTimeoutSeconds', "rolling"->'healthTimeoutSeconds', 'minHealthySeconds', 0,
  'pauseSeconds', "rolling"->'pauseSeconds',
  'stopAfterFailures', jsonb_build_object('count', "rolling"->'stopAfterFailures'))
WHERE "rolling" IS NOT NULL;
UPDATE "command" SET "rolling" = "rolling" || '{"minHealthySeconds": 0}' WHERE "rolling" IS NOT NULL;
ALTER TABLE "command" ALTER COLUMN "wave_id" SET NOT NULL, ALTER COLUMN "position" DROP DEFAULT;
ALTER TABLE "operation" DROP COLUMN "status_reason", ALTER COLUMN "started_by" SET NOT NULL, ALTER COLUMN "expires_in_seconds" DROP DEFAULT, ALTER COLUMN "rollout" DROP DEFAULT;

-- DropIndex
DROP INDEX "operation_idempotency_key_key";

-- CreateIndex
CREATE UNIQUE INDEX "operation_started_by_idempotency_key_key" ON "operation"("started_by", "idempotency_key");

-- CreateIndex
CREATE UNIQUE INDEX "wave_operation_id_index_key" ON "wave"("operation_id", "index");

-- CreateIndex
CREATE INDEX "command_wave_id_status_position_idx" ON "command"("wave_id", "status", "position");

-- CreateIndex
CREATE INDEX "command_operation_id_paused_at_idx" ON "command"("operation_id", "paused_at");

-- CreateIndex
CREATE UNIQUE INDEX "command_operation_id_cluster_id_attempt_key" ON "command"("operation_id", "cluster_id", "attempt");

-- AddForeignKey
ALTER TABLE "operation" ADD CONSTRAINT "operation_reverts_id_fkey" FOREIGN KEY ("reverts_id") REFERENCES "operation"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "wave" ADD CONSTRAINT "wave_operation_id_fkey" FOREIGN KEY ("operation_id") REFERENCES "operation"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "command" ADD CONSTRAINT "command_wave_id_fkey" FOREIGN KEY ("wave_id") REFERENCES "wave"("id") ON DELETE CASCADE ON UPDATE CASCADE;
