import { builder } from './builder.ts';
import '../topology/schema/system.ts';
import '../topology/schema/changes.ts';
import '../topology/schema/event.ts';
import '../manager/schema/manager.ts';
import '../manager/schema/protocol.ts';
import '../manager/schema/registration.ts';
import '../access/schema.ts';
import '../access/schema/viewer.ts';
import '../access/schema/people.ts';
import '../access/schema/api-keys.ts';
import '../access/audit/schema.ts';
import '../metric/schema.ts';
import '../operation/schema/acts.ts';
import '../operation/approval/schema.ts';
import '../operation/calendar/offline-schema.ts';
import '../operation/calendar/schema.ts';
import '../operation/schema/changes.ts';
import '../operation/saved/schema.ts';
import '../operation/schema/protocol.ts';
import '../operation/schema/wave.ts';

/** The whole API. Each domain adds its part when it is imported. */
export const schema = builder.toSchema();
