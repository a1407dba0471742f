-- Who asks, and what it costs. Secrets are not here: a key is kept as a keyed hash alone.

CREATE TABLE tenants (
    id TEXT COLLATE "C" PRIMARY KEY CHECK (length(id) = 26),
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    created_at_ms BIGINT NOT NULL,
    disabled_at_ms BIGINT,
    -- Bounds; NULL is none.
    quota_concurrent BIGINT,
    quota_requests_per_minute BIGINT,
    quota_burst BIGINT,
    quota_cpu_micros_per_day BIGINT,
    quota_memory_mib_ms_per_day BIGINT,
    quota_cost_micros_per_day BIGINT
);

CREATE TABLE projects (
    id TEXT COLLATE "C" PRIMARY KEY CHECK (length(id) = 26),
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants,
    name TEXT COLLATE "C" NOT NULL,
    created_at_ms BIGINT NOT NULL,
    disabled_at_ms BIGINT,
    UNIQUE (tenant_id, name)
);

CREATE INDEX projects_by_tenant ON projects (tenant_id, id);

CREATE TABLE principals (
    id TEXT COLLATE "C" PRIMARY KEY CHECK (length(id) = 26),
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants,
    project_id TEXT COLLATE "C" NOT NULL REFERENCES projects,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('user', 'service')),
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('admin', 'operator', 'developer', 'auditor', 'viewer')),
    name TEXT COLLATE "C" NOT NULL,
    -- Who it is to an issuer of tokens or certificates.
    subject TEXT COLLATE "C" UNIQUE,
    created_at_ms BIGINT NOT NULL,
    disabled_at_ms BIGINT,
    UNIQUE (tenant_id, name)
);

CREATE INDEX principals_by_tenant ON principals (tenant_id, id);
CREATE INDEX principals_by_project ON principals (project_id, id);

CREATE TABLE keys (
    id TEXT COLLATE "C" PRIMARY KEY CHECK (length(id) = 26),
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants,
    principal_id TEXT COLLATE "C" NOT NULL REFERENCES principals,
    name TEXT COLLATE "C" NOT NULL,
    hash BYTEA NOT NULL CHECK (octet_length(hash) = 32),
    -- Words with a space between them; empty is all that its principal may.
    scopes TEXT COLLATE "C" NOT NULL,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT,
    last_used_at_ms BIGINT,
    revoked_at_ms BIGINT,
    -- The key that took its place, and until when it still counts.
    replaced_by TEXT COLLATE "C",
    grace_until_ms BIGINT
);

CREATE INDEX keys_by_tenant ON keys (tenant_id, id);
CREATE INDEX keys_by_principal ON keys (principal_id, id);

-- Days are those of UTC, counted from 1970.
CREATE TABLE usage (
    tenant_id TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    principal_id TEXT COLLATE "C" NOT NULL,
    executions BIGINT NOT NULL DEFAULT 0,
    cpu_micros BIGINT NOT NULL DEFAULT 0,
    memory_mib_ms BIGINT NOT NULL DEFAULT 0,
    cost_micros BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, day, project_id, principal_id)
);

-- Every set of policies that was in force, newest last.
CREATE TABLE policy_sets (
    version BIGINT PRIMARY KEY,
    content TEXT COLLATE "C" NOT NULL,
    principal_id TEXT COLLATE "C" NOT NULL,
    created_at_ms BIGINT NOT NULL
);

ALTER TABLE executions ADD COLUMN audit_id TEXT COLLATE "C";
ALTER TABLE executions ADD COLUMN cpu_micros BIGINT;
ALTER TABLE executions ADD COLUMN memory_mib_ms BIGINT;
ALTER TABLE executions ADD COLUMN cost_micros BIGINT;

CREATE INDEX executions_by_tenant ON executions (tenant_id, id);
CREATE INDEX executions_by_project ON executions (project_id, id);
CREATE INDEX executions_by_principal ON executions (principal_id, id);

INSERT INTO tenants (id, name, created_at_ms)
VALUES ('00000000000000000000000001', 'default', CAST(1000 * extract(epoch FROM now()) AS BIGINT));
INSERT INTO projects (id, tenant_id, name, created_at_ms)
VALUES ('00000000000000000000000001', '00000000000000000000000001', 'default', CAST(1000 * extract(epoch FROM now()) AS BIGINT));
INSERT INTO principals (id, tenant_id, project_id, kind, role, name, created_at_ms)
VALUES ('00000000000000000000000001', '00000000000000000000000001', '00000000000000000000000001', 'user', 'admin',
    'admin', CAST(1000 * extract(epoch FROM now()) AS BIGINT));
