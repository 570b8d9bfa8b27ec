
-- Version 2. Who answered is asked for by name, and what was said for lack of an answer; both in the
-- order of events.

CREATE INDEX answers_by ON answers (computed_by, event);
CREATE INDEX answers_fallback ON answers (event) WHERE fallback <> 0;
