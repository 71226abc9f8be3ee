-- AlterEnum
ALTER TYPE "StepStatus" ADD VALUE 'UNKNOWN';
