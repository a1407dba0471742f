-- Who asks, and what it costs. Secrets are not here: a key is kept as a keyed hash alone.

CREATE TABLE tenants (
    id TEXT PRIMARY KEY CHECK (length(id) = 26),
    name TEXT NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL,
    disabled_at_ms INTEGER,
    -- Bounds; NULL is none.
    quota_concurrent INTEGER,
    quota_requests_per_minute INTEGER,
    quota_burst INTEGER,
    quota_cpu_micros_per_day INTEGER,
    quota_memory_mib_ms_per_day INTEGER,
    quota_cost_micros_per_day INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
    id TEXT PRIMARY KEY CHECK (length(id) = 26),
    tenant_id TEXT NOT NULL REFERENCES tenants,
    name TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    disabled_at_ms INTEGER,
    UNIQUE (tenant_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX projects_by_tenant ON projects (tenant_id, id);

CREATE TABLE principals (
    id TEXT PRIMARY KEY CHECK (length(id) = 26),
    tenant_id TEXT NOT NULL REFERENCES tenants,
    project_id TEXT NOT NULL REFERENCES projects,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'service')),
    role TEXT NOT NULL CHECK (role IN ('admin', 'operator', 'developer', 'auditor', 'viewer')),
    name TEXT NOT NULL,
    -- Who it is to an issuer of tokens or certificates.
    subject TEXT UNIQUE,
    created_at_ms INTEGER NOT NULL,
    disabled_at_ms INTEGER,
    UNIQUE (tenant_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX principals_by_tenant ON principals (tenant_id, id);
CREATE INDEX principals_by_project ON principals (project_id, id);

CREATE TABLE keys (
    id TEXT PRIMARY KEY CHECK (length(id) = 26),
    tenant_id TEXT NOT NULL REFERENCES tenants,
    principal_id TEXT NOT NULL REFERENCES principals,
    name TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    -- Words with a space between them; empty is all that its principal may.
    scopes TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    last_used_at_ms INTEGER,
    revoked_at_ms INTEGER,
    -- The key that took its place, and until when it still counts.
    replaced_by TEXT,
    grace_until_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX keys_by_tenant ON keys (tenant_id, id);
CREATE INDEX keys_by_principal ON keys (principal_id, id);

-- Days are those of UTC, counted from 1970.
CREATE TABLE usage (
    tenant_id TEXT NOT NULL,
    day INTEGER NOT NULL,
    project_id TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    executions INTEGER NOT NULL DEFAULT 0,
    cpu_micros INTEGER NOT NULL DEFAULT 0,
    memory_mib_ms INTEGER NOT NULL DEFAULT 0,
    cost_micros INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, day, project_id, principal_id)
) STRICT, WITHOUT ROWID;

-- Every set of policies that was in force, newest last.
CREATE TABLE policy_sets (
    version INTEGER PRIMARY KEY,
    content TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

ALTER TABLE executions ADD COLUMN audit_id TEXT;
ALTER TABLE executions ADD COLUMN cpu_micros INTEGER;
ALTER TABLE executions ADD COLUMN memory_mib_ms INTEGER;
ALTER TABLE executions ADD COLUMN cost_micros INTEGER;

CREATE INDEX executions_by_tenant ON executions (tenant_id, id);
CREATE INDEX executions_by_project ON executions (project_id, id);
CREATE INDEX executions_by_principal ON executions (principal_id, id);

INSERT INTO tenants (id, name, created_at_ms)
VALUES ('00000000000000000000000001', 'default', 1000 * unixepoch());
INSERT INTO projects (id, tenant_id, name, created_at_ms)
VALUES ('00000000000000000000000001', '00000000000000000000000001', 'default', 1000 * unixepoch());
INSERT INTO principals (id, tenant_id, project_id, kind, role, name, created_at_ms)
VALUES ('00000000000000000000000001', '00000000000000000000000001', '00000000000000000000000001', 'user', 'admin',
    'admin', 1000 * unixepoch());
