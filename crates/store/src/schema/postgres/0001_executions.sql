-- Times are milliseconds since 1970. Ids are 26 characters. Tables that hold a part of an execution belong to
-- whom the execution belongs: they refer to its number and go with it.

CREATE TABLE executions (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE CHECK (length(id) = 26),
    tenant_id TEXT COLLATE "C" NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    principal_id TEXT COLLATE "C" NOT NULL,
    session_id TEXT COLLATE "C",
    node_id TEXT COLLATE "C" NOT NULL,
    sandbox_id TEXT COLLATE "C",
    status TEXT COLLATE "C" NOT NULL CHECK (status IN (
        'queued', 'running', 'succeeded', 'failed', 'timed_out', 'cpu_exceeded', 'memory_exceeded',
        'disk_exceeded', 'output_exceeded', 'killed', 'denied', 'cancelled')),
    reason TEXT COLLATE "C",
    language TEXT COLLATE "C" NOT NULL,
    exit_code BIGINT,
    signal BIGINT,
    stdout_kept_bytes BIGINT NOT NULL DEFAULT 0,
    stdout_total_bytes BIGINT NOT NULL DEFAULT 0,
    stderr_kept_bytes BIGINT NOT NULL DEFAULT 0,
    stderr_total_bytes BIGINT NOT NULL DEFAULT 0,
    -- All that the other tables keep of it: what its removal frees.
    content_bytes BIGINT NOT NULL DEFAULT 0,
    created_at_ms BIGINT NOT NULL,
    started_at_ms BIGINT,
    ended_at_ms BIGINT CHECK ((ended_at_ms IS NULL) = (status IN ('queued', 'running')))
);

-- Lists are newest first by id, within a state or a language.
CREATE INDEX executions_by_status ON executions (status, id);
CREATE INDEX executions_by_language ON executions (language, id);

CREATE TABLE labels (
    execution BIGINT NOT NULL REFERENCES executions ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    execution_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (execution, name)
);

CREATE INDEX labels_by_value ON labels (name, value, execution_id);

-- Apart from the row that lists read and states change, for they may be large.
CREATE TABLE requests (
    execution BIGINT PRIMARY KEY REFERENCES executions ON DELETE CASCADE,
    request BYTEA NOT NULL
);

CREATE TABLE results (
    execution BIGINT PRIMARY KEY REFERENCES executions ON DELETE CASCADE,
    result BYTEA NOT NULL,
    events BYTEA NOT NULL
);

-- One content a row, read in parts: it is kept as it is, not compressed. A stream without a byte has no row.
CREATE TABLE stdouts (
    execution BIGINT PRIMARY KEY REFERENCES executions ON DELETE CASCADE,
    content BYTEA NOT NULL
);

CREATE TABLE stderrs (
    execution BIGINT PRIMARY KEY REFERENCES executions ON DELETE CASCADE,
    content BYTEA NOT NULL
);

CREATE TABLE files (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    execution BIGINT NOT NULL REFERENCES executions ON DELETE CASCADE,
    path TEXT COLLATE "C" NOT NULL,
    mode BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    sha256 BYTEA NOT NULL CHECK (octet_length(sha256) = 32),
    content BYTEA NOT NULL,
    UNIQUE (execution, path)
);

-- A key lives as long as its execution.
CREATE TABLE idempotency (
    tenant_id TEXT COLLATE "C" NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    principal_id TEXT COLLATE "C" NOT NULL,
    session_id TEXT COLLATE "C",
    node_id TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    body_hash BYTEA NOT NULL CHECK (octet_length(body_hash) = 32),
    execution BIGINT NOT NULL UNIQUE REFERENCES executions ON DELETE CASCADE,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, principal_id, key)
);

ALTER TABLE stdouts ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE stderrs ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE files ALTER COLUMN content SET STORAGE EXTERNAL;

-- The one instance that writes, and its last transaction: after a lost connection it tells whether that one was
-- committed.
CREATE TABLE writer (
    number BIGINT PRIMARY KEY CHECK (number = 1),
    instance BIGINT NOT NULL,
    batch BIGINT NOT NULL
);

INSERT INTO writer (number, instance, batch) VALUES (1, 0, 0);
