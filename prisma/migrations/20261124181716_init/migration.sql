-- CreateEnum
CREATE TYPE "ClusterStatus" AS ENUM ('DOWN', 'DEGRADED', 'UNKNOWN', 'CHANGING', 'EMPTY', 'HEALTHY');

-- CreateEnum
CREATE TYPE "ControlLink" AS ENUM ('CONNECTED', 'SILENT');

-- CreateEnum
CREATE TYPE "ReportedStatus" AS ENUM ('DOWN', 'UNHEALTHY', 'STOPPING', 'STARTING', 'STOPPED', 'RUNNING', 'LEFT');

-- CreateEnum
CREATE TYPE "OperationKind" AS ENUM ('ROLLING_RESTART', 'RESTART', 'SHUTDOWN');

-- CreateEnum
CREATE TYPE "OperationMode" AS ENUM ('GRACEFUL', 'FORCED');

-- CreateEnum
CREATE TYPE "OperationStatus" AS ENUM ('PENDING', 'RUNNING', 'ABORTING', 'SUCCEEDED', 'FAILED', 'ABORTED');

-- CreateEnum
CREATE TYPE "CommandStatus" AS ENUM ('PENDING', 'ACCEPTED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'REFUSED', 'ABORTED', 'EXPIRED');

-- CreateEnum
CREATE TYPE "StepStatus" AS ENUM ('PENDING', 'WAITING', 'STOPPING', 'STARTING', 'CHECKING', 'SUCCEEDED', 'FAILED', 'SKIPPED');

-- CreateEnum
CREATE TYPE "EventKind" AS ENUM ('CLUSTER_CREATED', 'CLUSTER_CHANGED', 'CLUSTER_SILENT', 'CLUSTER_BACK', 'MANAGER_REGISTERED', 'MANAGER_CHANGED', 'MANAGER_PROMOTED', 'MANAGER_SILENT', 'MANAGER_LEFT', 'NODE_JOINED', 'NODE_CHANGED', 'NODE_LEFT', 'OPERATION_STARTED', 'OPERATION_CHANGED', 'OPERATION_FINISHED', 'COMMAND_ISSUED', 'COMMAND_CHANGED', 'COMMAND_ABORT_REQUESTED', 'STEP_CHANGED');

-- CreateTable
CREATE TABLE "system" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "revision" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "system_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "cluster" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "status" "ClusterStatus" NOT NULL DEFAULT 'EMPTY',
    "status_reason" TEXT NOT NULL,
    "status_since" TIMESTAMPTZ(3) NOT NULL,
    "link" "ControlLink" NOT NULL DEFAULT 'SILENT',
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "primary_id" TEXT,
    "lease_expires_at" TIMESTAMPTZ(3),
    "last_heard_at" TIMESTAMPTZ(3),
    "membership_sequence" INTEGER NOT NULL DEFAULT 0,
    "down" INTEGER NOT NULL DEFAULT 0,
    "unhealthy" INTEGER NOT NULL DEFAULT 0,
    "stopping" INTEGER NOT NULL DEFAULT 0,
    "starting" INTEGER NOT NULL DEFAULT 0,
    "stopped" INTEGER NOT NULL DEFAULT 0,
    "running" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "cluster_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "manager" (
    "id" TEXT NOT NULL,
    "cluster_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "url" TEXT,
    "console_url" TEXT,
    "host" TEXT,
    "pid" INTEGER,
    "version" TEXT NOT NULL,
    "capabilities" TEXT[],
    "credential_hash" TEXT NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "silent_since" TIMESTAMPTZ(3),
    "left_at" TIMESTAMPTZ(3),
    "registered_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "manager_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "enrolment_token" (
    "id" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "cluster_name" TEXT,
    "uses_left" INTEGER NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "enrolment_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "node" (
    "id" TEXT NOT NULL,
    "cluster_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "status" "ReportedStatus" NOT NULL,
    "status_reason" TEXT,
    "status_since" TIMESTAMPTZ(3) NOT NULL,
    "reported_at" TIMESTAMPTZ(3) NOT NULL,
    "role" TEXT,
    "host" TEXT,
    "zone" TEXT,
    "version" TEXT,
    "os" TEXT,
    "pid" INTEGER,
    "address" TEXT,
    "cpu_count" INTEGER,
    "memory_total" DOUBLE PRECISION,
    "started_at" TIMESTAMPTZ(3),
    "restarts" INTEGER NOT NULL DEFAULT 0,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "console_url" TEXT,
    "last_output" TEXT[],
    "joined_at" TIMESTAMPTZ(3) NOT NULL,
    "left_at" TIMESTAMPTZ(3),

    CONSTRAINT "node_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "operation" (
    "id" TEXT NOT NULL,
    "kind" "OperationKind" NOT NULL,
    "mode" "OperationMode" NOT NULL,
    "status" "OperationStatus" NOT NULL,
    "status_reason" TEXT,
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "rolling" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "abort_requested_at" TIMESTAMPTZ(3),

    CONSTRAINT "operation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "command" (
    "id" TEXT NOT NULL,
    "operation_id" TEXT NOT NULL,
    "cluster_id" TEXT NOT NULL,
    "kind" "OperationKind" NOT NULL,
    "mode" "OperationMode" NOT NULL,
    "rolling" JSONB,
    "status" "CommandStatus" NOT NULL,
    "status_reason" TEXT,
    "manager_waits" TEXT,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "delivered_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "abort_requested" BOOLEAN NOT NULL DEFAULT false,
    "report_sequence" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "command_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "step" (
    "id" TEXT NOT NULL,
    "command_id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "node_name" TEXT NOT NULL,
    "batch" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "status" "StepStatus" NOT NULL,
    "reason" TEXT,
    "output" TEXT[],
    "instance_before" TEXT,
    "instance_after" TEXT,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "step_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "event" (
    "revision" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "kind" "EventKind" NOT NULL,
    "summary" TEXT NOT NULL,
    "actor" TEXT,
    "cluster_id" TEXT,
    "node_id" TEXT,
    "operation_id" TEXT,
    "command_id" TEXT,
    "step_id" TEXT,

    CONSTRAINT "event_pkey" PRIMARY KEY ("revision")
);

-- CreateIndex
CREATE UNIQUE INDEX "cluster_name_key" ON "cluster"("name");

-- CreateIndex
CREATE UNIQUE INDEX "cluster_primary_id_key" ON "cluster"("primary_id");

-- CreateIndex
CREATE INDEX "cluster_status_name_id_idx" ON "cluster"("status", "name", "id");

-- CreateIndex
CREATE UNIQUE INDEX "manager_credential_hash_key" ON "manager"("credential_hash");

-- CreateIndex
CREATE UNIQUE INDEX "manager_cluster_id_name_key" ON "manager"("cluster_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "enrolment_token_hash_key" ON "enrolment_token"("hash");

-- CreateIndex
CREATE INDEX "node_cluster_id_status_name_id_idx" ON "node"("cluster_id", "status", "name", "id");

-- CreateIndex
CREATE INDEX "node_status_name_id_idx" ON "node"("status", "name", "id");

-- CreateIndex
CREATE UNIQUE INDEX "node_cluster_id_name_key" ON "node"("cluster_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "operation_idempotency_key_key" ON "operation"("idempotency_key");

-- CreateIndex
CREATE INDEX "operation_created_at_id_idx" ON "operation"("created_at", "id");

-- CreateIndex
CREATE INDEX "operation_status_idx" ON "operation"("status");

-- CreateIndex
CREATE INDEX "command_cluster_id_status_issued_at_idx" ON "command"("cluster_id", "status", "issued_at");

-- CreateIndex
CREATE INDEX "command_status_expires_at_idx" ON "command"("status", "expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "command_operation_id_cluster_id_key" ON "command"("operation_id", "cluster_id");

-- CreateIndex
CREATE INDEX "step_command_id_position_idx" ON "step"("command_id", "position");

-- CreateIndex
CREATE INDEX "step_node_id_idx" ON "step"("node_id");

-- CreateIndex
CREATE UNIQUE INDEX "step_command_id_node_id_key" ON "step"("command_id", "node_id");

-- CreateIndex
CREATE INDEX "event_cluster_id_revision_idx" ON "event"("cluster_id", "revision");

-- CreateIndex
CREATE INDEX "event_node_id_revision_idx" ON "event"("node_id", "revision");

-- CreateIndex
CREATE INDEX "event_operation_id_revision_idx" ON "event"("operation_id", "revision");

-- AddForeignKey
ALTER TABLE "cluster" ADD CONSTRAINT "cluster_primary_id_fkey" FOREIGN KEY ("primary_id") REFERENCES "manager"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "manager" ADD CONSTRAINT "manager_cluster_id_fkey" FOREIGN KEY ("cluster_id") REFERENCES "cluster"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "node" ADD CONSTRAINT "node_cluster_id_fkey" FOREIGN KEY ("cluster_id") REFERENCES "cluster"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "command" ADD CONSTRAINT "command_operation_id_fkey" FOREIGN KEY ("operation_id") REFERENCES "operation"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "command" ADD CONSTRAINT "command_cluster_id_fkey" FOREIGN KEY ("cluster_id") REFERENCES "cluster"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "step" ADD CONSTRAINT "step_command_id_fkey" FOREIGN KEY ("command_id") REFERENCES "command"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "step" ADD CONSTRAINT "step_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event" ADD CONSTRAINT "event_cluster_id_fkey" FOREIGN KEY ("cluster_id") REFERENCES "cluster"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event" ADD CONSTRAINT "event_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event" ADD CONSTRAINT "event_operation_id_fkey" FOREIGN KEY ("operation_id") REFERENCES "operation"("id") ON DELETE CASCADE ON UPDATE CASCADE;
