import type { Attachment } from 'svelte/attachments';

/** Tells whether someone is at an element: the pointer is over it or the focus is in it. */
export function whileBusy(tell: (busy: boolean) => void): Attachment<HTMLElement> {
  return (element) => {
    let over = false;
    let within = false;
    // Afterwards: the focus also leaves because a row is taken out, in the middle of drawing.
    const update = (): void => queueMicrotask(() => tell(over || within));
    const listen = (type: string, change: () => void): void =>
      element.addEventListener(type, () => {
        change();
        update();
      });
    listen('pointerenter', () => (over = true));
    listen('pointerleave', () => (over = false));
    listen('focusin', () => (within = true));
    listen('focusout', () => (within = false));
    return () => tell(false);
  };
}
