import type { Attachment } from 'svelte/attachments';

/** Begins at this field: for pages that have one thing to do. */
export const beginHere: Attachment<HTMLElement> = (element) => element.focus();
