-- Version 1. Times are Unix milliseconds. `seq` counts up and orders everything; ids are what the
-- outside knows rows by.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE callbacks (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    route TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    adapter TEXT NOT NULL,
    matched TEXT,
    peer TEXT NOT NULL,
    method TEXT NOT NULL,
    url TEXT NOT NULL,
    head TEXT NOT NULL,           -- JSON: parameters and headers, in order
    body BLOB NOT NULL
);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    callback INTEGER NOT NULL,
    route TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    aliases TEXT,                 -- JSON; NULL: none
    kind TEXT NOT NULL,
    subject TEXT,
    rank INTEGER,
    occurred_ms INTEGER,
    data TEXT,                    -- NULL: the callback's body
    status INTEGER NOT NULL,
    repeats INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    since_ms INTEGER NOT NULL,    -- since when it waits to be confirmed
    confirm_ms INTEGER,           -- when it is to be; NULL: never
    reason TEXT,
    merged BLOB,
    recorded_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX events_id ON events (id);
CREATE INDEX events_callback ON events (callback);
CREATE INDEX events_route ON events (route);
CREATE INDEX events_kind ON events (kind);
CREATE INDEX events_subject ON events (subject, rank) WHERE subject IS NOT NULL;
CREATE INDEX events_status ON events (status) WHERE status <> 0;
CREATE INDEX events_confirm ON events (route, confirm_ms) WHERE confirm_ms IS NOT NULL;

-- Every id and alias of an event, by which it is known again until it expires. They come in no
-- order, so each is written somewhere else: a digest of them takes up a third of the pages.
CREATE TABLE event_ids (
    digest BLOB PRIMARY KEY,      -- 16 bytes, of the route and the id
    event INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- How far subjects are known to be by events that were forgotten, while there are others; by those
-- that weren't, `events_subject` says it.
CREATE TABLE subjects (
    route TEXT NOT NULL,
    subject TEXT NOT NULL,
    rank INTEGER NOT NULL,
    PRIMARY KEY (route, subject)
) WITHOUT ROWID;

CREATE TABLE replay_keys (
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (route, key)
) WITHOUT ROWID;
CREATE INDEX replay_keys_expire ON replay_keys (expires_ms);

CREATE TABLE deliveries (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    event INTEGER NOT NULL,
    addressee TEXT NOT NULL,
    kind TEXT NOT NULL,
    status INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,     -- since it was last put to waiting
    attempts INTEGER NOT NULL DEFAULT 0,  -- in all
    delivered_ms INTEGER,
    created_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX deliveries_id ON deliveries (id);
CREATE INDEX deliveries_event ON deliveries (event);
CREATE INDEX deliveries_addressee ON deliveries (addressee);
CREATE INDEX deliveries_kind ON deliveries (kind);
CREATE INDEX deliveries_due ON deliveries (addressee, due_ms) WHERE status = 0;
CREATE INDEX deliveries_open ON deliveries (status) WHERE status <> 2;

-- How many deliveries of each sort there are in each block of 8192 by `seq`: totals of a long
-- history are sums of these, and a page far down is found by them. Whoever inserts deliveries
-- counts them here in the same transaction, all at once.
CREATE TABLE delivery_blocks (
    block INTEGER NOT NULL,
    addressee TEXT NOT NULL,
    kind TEXT NOT NULL,
    status INTEGER NOT NULL,
    many INTEGER NOT NULL,        -- never 0; less before what is inserted is counted
    from_ms INTEGER NOT NULL,     -- none of them was made before
    to_ms INTEGER NOT NULL,       -- none of them was made after
    PRIMARY KEY (block, addressee, kind, status)
) WITHOUT ROWID;

CREATE TRIGGER deliveries_forgotten AFTER DELETE ON deliveries BEGIN
    INSERT INTO delivery_blocks VALUES
        (old.seq >> 13, old.addressee, old.kind, old.status, -1, old.created_ms, old.created_ms)
    ON CONFLICT DO UPDATE SET many = many - 1;
    DELETE FROM delivery_blocks WHERE block = old.seq >> 13 AND addressee = old.addressee
        AND kind = old.kind AND status = old.status AND many = 0;
END;

CREATE TRIGGER deliveries_changed AFTER UPDATE OF status ON deliveries
WHEN old.status <> new.status BEGIN
    INSERT INTO delivery_blocks VALUES
        (old.seq >> 13, old.addressee, old.kind, old.status, -1, old.created_ms, old.created_ms)
    ON CONFLICT DO UPDATE SET many = many - 1;
    DELETE FROM delivery_blocks WHERE block = old.seq >> 13 AND addressee = old.addressee
        AND kind = old.kind AND status = old.status AND many = 0;
    INSERT INTO delivery_blocks VALUES
        (new.seq >> 13, new.addressee, new.kind, new.status, 1, new.created_ms, new.created_ms)
    ON CONFLICT DO UPDATE SET many = many + 1,
        from_ms = min(from_ms, excluded.from_ms), to_ms = max(to_ms, excluded.to_ms);
    DELETE FROM delivery_blocks WHERE block = new.seq >> 13 AND addressee = new.addressee
        AND kind = new.kind AND status = new.status AND many = 0;
END;

CREATE TABLE attempts (
    delivery INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    status INTEGER,
    body BLOB NOT NULL,
    error TEXT,
    PRIMARY KEY (delivery, number)
) WITHOUT ROWID;

CREATE TABLE webhooks (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    url TEXT NOT NULL,
    events TEXT NOT NULL,         -- JSON
    active INTEGER NOT NULL,
    secret BLOB NOT NULL,         -- sealed
    triggered_ms INTEGER,
    delivered_ms INTEGER,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
);

CREATE TABLE state (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,          -- sealed
    ends_ms INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;

-- What an event that is a request has beside its row there.
CREATE TABLE requests (
    event INTEGER PRIMARY KEY,
    id TEXT NOT NULL,             -- the adapter's
    identity BLOB NOT NULL,       -- SHA-256 of route, kind and id
    body_hash BLOB NOT NULL,
    keep_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,  -- until then it is known again
    stays_ms INTEGER NOT NULL,    -- until then it is never forgotten
    stands INTEGER                -- the answer whose reply is sent again
);
CREATE INDEX requests_id ON requests (id);

-- Every try of a request.
CREATE TABLE answers (
    seq INTEGER PRIMARY KEY,
    event INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,        -- JSON, in order
    body BLOB NOT NULL,           -- only the start where it doesn't stand
    finished INTEGER NOT NULL,
    answer TEXT,
    computed_by TEXT NOT NULL,
    fallback INTEGER NOT NULL,
    late INTEGER NOT NULL,
    why TEXT,
    took_ms INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
);
CREATE INDEX answers_event ON answers (event);
