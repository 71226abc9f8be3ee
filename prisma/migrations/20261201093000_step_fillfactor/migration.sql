-- A step is written anew at each stage, and none of its indexes changes then: with room in its page none is written.
ALTER TABLE "step" SET (fillfactor = 50);
