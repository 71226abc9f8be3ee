-- CreateEnum
CREATE TYPE "AuditActor" AS ENUM ('LOCAL', 'PERSON', 'KEY', 'MANAGER', 'ANONYMOUS', 'SYSTEM');

-- CreateEnum
CREATE TYPE "AuditResult" AS ENUM ('DONE', 'DENIED');

-- AlterEnum
ALTER TYPE "EventKind" ADD VALUE 'MANAGER_REVOKED';

-- AlterTable
ALTER TABLE "cluster_label" ADD COLUMN     "bound" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "enrolment_token" ADD COLUMN     "labels" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "revoked_at" TIMESTAMPTZ(3),
ADD COLUMN     "revoked_by" TEXT,
ADD COLUMN     "uses" INTEGER NOT NULL DEFAULT 1;

-- AlterTable
ALTER TABLE "manager" ADD COLUMN     "credential_expires_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now() + interval '1 day',
ADD COLUMN     "credential_id" TEXT NOT NULL DEFAULT gen_random_uuid()::text,
ADD COLUMN     "next_credential_expires_at" TIMESTAMPTZ(3),
ADD COLUMN     "next_credential_hash" TEXT,
ADD COLUMN     "revoked_at" TIMESTAMPTZ(3),
ADD COLUMN     "revoked_by" TEXT,
ADD COLUMN     "revoked_reason" TEXT,
ADD COLUMN     "token_id" TEXT;

-- Those that there are get a day to renew what they have; from now on each says it by itself.
ALTER TABLE "manager" ALTER COLUMN "credential_expires_at" DROP DEFAULT, ALTER COLUMN "credential_id" DROP DEFAULT;
UPDATE "enrolment_token" SET "uses" = greatest("uses_left", 1);

-- CreateTable
CREATE TABLE "presence" (
    "id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "presence_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "sequence" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_kind" "AuditActor" NOT NULL,
    "actor_id" TEXT,
    "actor_name" TEXT,
    "from" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "reason" TEXT,
    "targets" JSONB NOT NULL,
    "result" "AuditResult" NOT NULL,
    "detail" JSONB,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("sequence")
);

-- CreateTable
CREATE TABLE "audit_head" (
    "id" TEXT NOT NULL,
    "entries" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_head_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "audit_entry_at_idx" ON "audit_entry"("at");

-- CreateIndex
CREATE INDEX "audit_entry_action_sequence_idx" ON "audit_entry"("action", "sequence");

-- CreateIndex
CREATE INDEX "audit_entry_actor_name_sequence_idx" ON "audit_entry"("actor_name", "sequence");

-- CreateIndex
CREATE INDEX "audit_entry_actor_id_sequence_idx" ON "audit_entry"("actor_id", "sequence");

-- CreateIndex
CREATE INDEX "audit_entry_targets_idx" ON "audit_entry" USING GIN ("targets" jsonb_path_ops);

-- CreateIndex
CREATE INDEX "enrolment_token_created_at_id_idx" ON "enrolment_token"("created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "manager_credential_id_key" ON "manager"("credential_id");

-- CreateIndex
CREATE UNIQUE INDEX "manager_next_credential_hash_key" ON "manager"("next_credential_hash");

-- CreateIndex
CREATE INDEX "manager_token_id_idx" ON "manager"("token_id");

-- AddForeignKey
ALTER TABLE "manager" ADD CONSTRAINT "manager_token_id_fkey" FOREIGN KEY ("token_id") REFERENCES "enrolment_token"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- The audit log only ever grows, whoever asks. Who may change the table itself can take these away: see README.md.
CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log only grows: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_entry_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_entry"
    FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows();
CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON "audit_head"
    FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows();
CREATE TRIGGER audit_head_only_grows BEFORE UPDATE ON "audit_head"
    FOR EACH ROW WHEN (NEW."entries" <> OLD."entries" + 1) EXECUTE FUNCTION audit_only_grows();
-- Also for sessions that say that they replicate.
ALTER TABLE "audit_entry" ENABLE ALWAYS TRIGGER audit_entry_only_grows;
ALTER TABLE "audit_head" ENABLE ALWAYS TRIGGER audit_head_stays;
ALTER TABLE "audit_head" ENABLE ALWAYS TRIGGER audit_head_only_grows;

INSERT INTO "audit_head" ("id", "entries", "hash") VALUES ('audit', 0, repeat('0', 64));
