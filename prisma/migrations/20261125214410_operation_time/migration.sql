-- AlterEnum
ALTER TYPE "EventKind" ADD VALUE 'POLICY_CHANGED';

-- AlterTable
ALTER TABLE "operation" ADD COLUMN     "approvals_needed" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "key_made_by" TEXT,
ADD COLUMN     "override_reason" TEXT,
ADD COLUMN     "starts_at" TIMESTAMPTZ(3),
ALTER COLUMN "expires_in_seconds" DROP NOT NULL;

-- CreateTable
CREATE TABLE "freeze" (
    "id" TEXT NOT NULL,
    "clusters" JSONB,
    "reason" TEXT NOT NULL,
    "from" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "freeze_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "maintenance_window" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "clusters" JSONB,
    "reason" TEXT NOT NULL,
    "schedule" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "duration_seconds" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "maintenance_window_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "planned_offline" (
    "id" TEXT NOT NULL,
    "cluster_id" TEXT NOT NULL,
    "node_id" TEXT,
    "reason" TEXT NOT NULL,
    "returns_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "planned_offline_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "saved_strategy" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "rollout" JSONB NOT NULL,
    "rolling" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "saved_strategy_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "saved_selection" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "clusters" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "saved_selection_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "approval" (
    "operation_id" TEXT NOT NULL,
    "person_id" TEXT NOT NULL,
    "person_name" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "approval_pkey" PRIMARY KEY ("operation_id","person_id")
);

-- CreateTable
CREATE TABLE "approval_rule" (
    "id" TEXT NOT NULL,
    "clusters" JSONB,
    "approvals" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "approval_rule_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "freeze_until_idx" ON "freeze"("until");

-- CreateIndex
CREATE INDEX "freeze_from_id_idx" ON "freeze"("from", "id");

-- CreateIndex
CREATE INDEX "maintenance_window_name_id_idx" ON "maintenance_window"("name", "id");

-- CreateIndex
CREATE INDEX "planned_offline_cluster_id_node_id_idx" ON "planned_offline"("cluster_id", "node_id");

-- CreateIndex
CREATE INDEX "planned_offline_node_id_idx" ON "planned_offline"("node_id");

-- CreateIndex
CREATE INDEX "planned_offline_returns_at_id_idx" ON "planned_offline"("returns_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "saved_strategy_name_key" ON "saved_strategy"("name");

-- CreateIndex
CREATE UNIQUE INDEX "saved_selection_name_key" ON "saved_selection"("name");

-- CreateIndex
CREATE INDEX "approval_rule_created_at_id_idx" ON "approval_rule"("created_at", "id");

-- AddForeignKey
ALTER TABLE "planned_offline" ADD CONSTRAINT "planned_offline_cluster_id_fkey" FOREIGN KEY ("cluster_id") REFERENCES "cluster"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "planned_offline" ADD CONSTRAINT "planned_offline_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "approval" ADD CONSTRAINT "approval_operation_id_fkey" FOREIGN KEY ("operation_id") REFERENCES "operation"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Operations of before needed no approval.
UPDATE "operation" SET "rollout" = "rollout" || '{"approvals": 0}';
