-- Times are milliseconds since 1970. Ids are 26 characters. Tables that hold a part of an execution belong to
-- whom the execution belongs: they refer to its number and go with it.

CREATE TABLE executions (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 26),
    tenant_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    session_id TEXT,
    node_id TEXT NOT NULL,
    sandbox_id TEXT,
    status TEXT NOT NULL CHECK (status IN (
        'queued', 'running', 'succeeded', 'failed', 'timed_out', 'cpu_exceeded', 'memory_exceeded',
        'disk_exceeded', 'output_exceeded', 'killed', 'denied', 'cancelled')),
    reason TEXT,
    language TEXT NOT NULL,
    exit_code INTEGER,
    signal INTEGER,
    stdout_kept_bytes INTEGER NOT NULL DEFAULT 0,
    stdout_total_bytes INTEGER NOT NULL DEFAULT 0,
    stderr_kept_bytes INTEGER NOT NULL DEFAULT 0,
    stderr_total_bytes INTEGER NOT NULL DEFAULT 0,
    -- All that the other tables keep of it: what its removal frees.
    content_bytes INTEGER NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL,
    started_at_ms INTEGER,
    ended_at_ms INTEGER CHECK ((ended_at_ms IS NULL) = (status IN ('queued', 'running')))
) STRICT;

-- Lists are newest first by id, within a state or a language.
CREATE INDEX executions_by_status ON executions (status, id);
CREATE INDEX executions_by_language ON executions (language, id);

CREATE TABLE labels (
    execution INTEGER NOT NULL REFERENCES executions ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    PRIMARY KEY (execution, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX labels_by_value ON labels (name, value, execution_id);

-- Apart from the row that lists read and states change, for they may be large.
CREATE TABLE requests (
    execution INTEGER PRIMARY KEY REFERENCES executions ON DELETE CASCADE,
    request BLOB NOT NULL
) STRICT;

CREATE TABLE results (
    execution INTEGER PRIMARY KEY REFERENCES executions ON DELETE CASCADE,
    result BLOB NOT NULL,
    events BLOB NOT NULL
) STRICT;

-- One content a row, read in parts by incremental blob I/O. A stream without a byte has no row.
CREATE TABLE stdouts (
    execution INTEGER PRIMARY KEY REFERENCES executions ON DELETE CASCADE,
    content BLOB NOT NULL
) STRICT;

CREATE TABLE stderrs (
    execution INTEGER PRIMARY KEY REFERENCES executions ON DELETE CASCADE,
    content BLOB NOT NULL
) STRICT;

CREATE TABLE files (
    number INTEGER PRIMARY KEY,
    execution INTEGER NOT NULL REFERENCES executions ON DELETE CASCADE,
    path TEXT NOT NULL,
    mode INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    content BLOB NOT NULL,
    UNIQUE (execution, path)
) STRICT;

-- A key lives as long as its execution.
CREATE TABLE idempotency (
    tenant_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    session_id TEXT,
    node_id TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
    execution INTEGER NOT NULL UNIQUE REFERENCES executions ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, principal_id, key)
) STRICT, WITHOUT ROWID;

-- Written to find out whether a full disk has room again.
CREATE TABLE probe (
    number INTEGER PRIMARY KEY,
    filler BLOB NOT NULL
) STRICT;
