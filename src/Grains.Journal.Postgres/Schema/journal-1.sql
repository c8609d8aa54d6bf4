-- The journal: what is true of every partition. No row changes with an append, and nothing here counts by a sequence.
-- A partition's row changes only when it is acquired, and its lock is what acquiring and housekeeping take.
-- A chain is 128 bits of hash, kept as uuid because that is what Postgres calls 16 plain bytes.

CREATE TABLE partition (
    partition           bigint  PRIMARY KEY CHECK (partition BETWEEN 0 AND 4294967295),
    epoch               bigint  NOT NULL,   -- newest acquired; 0 = never
    membership_version  bigint  NOT NULL,   -- the view that the newest owner had
    owner               text    NOT NULL,
    incarnation         bigint  NOT NULL,   -- raised where history forked: a restore, a promotion
    system_identifier   bigint  NOT NULL,   -- with timeline: the history in which the newest epoch was acquired
    timeline            bigint  NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 100, autovacuum_vacuum_scale_factor = 0);

-- Apart from the partition's row, which every append looks at: while a transaction elsewhere stays open, each change of
-- a row leaves a version that is walked over.
CREATE TABLE checkpoint (
    partition          bigint  PRIMARY KEY,
    revision           bigint  NOT NULL,    -- 0 = none
    chain              uuid    NOT NULL,
    epoch              bigint  NOT NULL,
    attempt            uuid    NOT NULL,
    chunks             integer NOT NULL,
    crc                integer NOT NULL,    -- CRC-32C of everything above
    truncated_revision bigint  NOT NULL,    -- up to here only epoch records and the newest record are kept
    truncated_chain    uuid    NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE record (
    partition bigint   NOT NULL,
    first     bigint   NOT NULL,            -- revisions first … last, all or none
    last      bigint   NOT NULL CHECK (last >= first),
    epoch     bigint   NOT NULL,
    kind      smallint NOT NULL,            -- 1 = batch, 2 = epoch
    crc       integer  NOT NULL,            -- CRC-32C of everything else in the row
    chain     uuid     NOT NULL,            -- hash of the partition's history up to here
    payload   bytea    NOT NULL,
    PRIMARY KEY (partition, first)          -- what fences: two owners want the same next revision
) WITH (
    autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_insert_threshold = 200000, autovacuum_vacuum_insert_scale_factor = 0.1,
    autovacuum_analyze_threshold = 20000, autovacuum_analyze_scale_factor = 0.1);

-- Payloads are compressed, if at all, by whoever made them; small ones stay in the row.
ALTER TABLE record ALTER COLUMN payload SET STORAGE EXTERNAL;

CREATE TABLE checkpoint_chunk (
    partition bigint  NOT NULL,
    revision  bigint  NOT NULL,
    epoch     bigint  NOT NULL,
    attempt   uuid    NOT NULL,             -- two attempts of one owner never mix
    number    integer NOT NULL,
    crc       integer NOT NULL,             -- CRC-32C of everything else in the row
    payload   bytea   NOT NULL,
    PRIMARY KEY (partition, revision, epoch, attempt, number)
) WITH (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05);

ALTER TABLE checkpoint_chunk ALTER COLUMN payload SET STORAGE EXTERNAL;
