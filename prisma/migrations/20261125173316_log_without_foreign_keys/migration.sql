-- DropForeignKey
ALTER TABLE "event" DROP CONSTRAINT "event_cluster_id_fkey";

-- DropForeignKey
ALTER TABLE "event" DROP CONSTRAINT "event_node_id_fkey";

-- DropForeignKey
ALTER TABLE "event" DROP CONSTRAINT "event_operation_id_fkey";
