import { builder } from './builder.ts';

export const Label = builder.objectRef<{ key: string; value: string }>('Label').implement({
  authScopes: { public: true },
  fields: (t) => ({ key: t.exposeString('key'), value: t.exposeString('value') }),
});

export const LabelInput = builder.inputType('LabelInput', {
  fields: (t) => ({ key: t.string({ required: true }), value: t.string({ required: true }) }),
});
