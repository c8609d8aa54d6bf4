-- What Orleans needs on Postgres: its queries, and tables for membership and grain state.
-- Names without a schema: the connection's search path says where. Runs once; what comes later changes what it left.
CREATE TABLE OrleansQuery (
  QueryKey text PRIMARY KEY,
  QueryText text NOT NULL
);

-- One row per cluster. Every change of a member takes the next version, or does not happen.
CREATE TABLE OrleansMembershipVersion (
  DeploymentId text PRIMARY KEY,
  Version integer NOT NULL
);

CREATE TABLE OrleansMembership (
  DeploymentId text NOT NULL REFERENCES OrleansMembershipVersion,
  Address text NOT NULL,
  Port integer NOT NULL,
  Generation integer NOT NULL,
  SiloName text NOT NULL,
  HostName text NOT NULL,
  Status integer NOT NULL, -- 2 joining, 3 active, 4 shutting down, 5 stopping, 6 dead
  ProxyPort integer NOT NULL,
  SuspectTimes text NULL,
  StartTime timestamptz NOT NULL,
  IAmAliveTime timestamptz NOT NULL,
  PRIMARY KEY (DeploymentId, Address, Port, Generation)
);

-- The key has no NULL in it, so that two first writes cannot both succeed.
CREATE TABLE OrleansStorage (
  ServiceId text NOT NULL,
  GrainTypeString text NOT NULL,
  GrainIdN0 bigint NOT NULL,
  GrainIdN1 bigint NOT NULL,
  GrainIdExtension text NOT NULL,
  PayloadBinary bytea NULL,
  ModifiedOn timestamptz NOT NULL,
  Version integer NOT NULL,
  PRIMARY KEY (ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, GrainIdExtension)
);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
-- A cluster that goes on with another one's data goes on with its numbers: partitions refuse a view that is older than
-- that of their last owner.
('InsertMembershipVersionKey', $query$
  WITH inserted AS (
    INSERT INTO OrleansMembershipVersion (DeploymentId, Version)
    SELECT @DeploymentId, coalesce(max(Version), 0) FROM OrleansMembershipVersion
    ON CONFLICT DO NOTHING
    RETURNING 1)
  SELECT count(*)::integer FROM inserted
$query$),

-- The version is compared on the locked row, so of two changes at once one finds nothing to change.
('InsertMembershipKey', $query$
  WITH turned AS (
    UPDATE OrleansMembershipVersion SET Version = Version + 1
    WHERE DeploymentId = @DeploymentId AND Version = @Version AND NOT EXISTS (
      SELECT 1 FROM OrleansMembership
      WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation)
    RETURNING DeploymentId),
  inserted AS (
    INSERT INTO OrleansMembership (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort,
      StartTime, IAmAliveTime)
    SELECT DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort,
      @StartTime, @IAmAliveTime
    FROM turned
    RETURNING 1)
  SELECT count(*)::integer FROM inserted
$query$),

-- The member is locked first: a clean-up cannot take it away between the turn of the version and the change.
('UpdateMembershipKey', $query$
  WITH present AS (
    SELECT DeploymentId FROM OrleansMembership
    WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation
    FOR UPDATE),
  turned AS (
    UPDATE OrleansMembershipVersion v SET Version = v.Version + 1
    FROM present p
    WHERE v.DeploymentId = p.DeploymentId AND v.Version = @Version
    RETURNING v.DeploymentId),
  updated AS (
    UPDATE OrleansMembership m
    SET Status = @Status, SuspectTimes = @SuspectTimes, IAmAliveTime = @IAmAliveTime
    FROM turned t
    WHERE m.DeploymentId = t.DeploymentId AND m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation
    RETURNING 1)
  SELECT count(*)::integer FROM updated
$query$),

-- A heartbeat is no change of the membership: the version stays.
('UpdateIAmAlivetimeKey', $query$
  UPDATE OrleansMembership SET IAmAliveTime = @IAmAliveTime
  WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation
$query$),

-- The version comes also where there is no member; then StartTime is NULL.
('MembershipReadRowKey', $query$
  SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort,
    m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version
  FROM OrleansMembershipVersion v
  LEFT JOIN OrleansMembership m ON m.DeploymentId = v.DeploymentId
    AND m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation
  WHERE v.DeploymentId = @DeploymentId
$query$),

('MembershipReadAllKey', $query$
  SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort,
    m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version
  FROM OrleansMembershipVersion v
  LEFT JOIN OrleansMembership m ON m.DeploymentId = v.DeploymentId
  WHERE v.DeploymentId = @DeploymentId
$query$),

('GatewaysQueryKey', $query$
  SELECT Address, ProxyPort, Generation FROM OrleansMembership
  WHERE DeploymentId = @DeploymentId AND Status = @Status AND ProxyPort > 0
$query$),

('DeleteMembershipTableEntriesKey', $query$
  WITH members AS (DELETE FROM OrleansMembership WHERE DeploymentId = @DeploymentId)
  DELETE FROM OrleansMembershipVersion WHERE DeploymentId = @DeploymentId
$query$),

-- Only the dead: a server that joins slowly, or whose heartbeat is late, is a member.
('CleanupDefunctSiloEntriesKey', $query$
  DELETE FROM OrleansMembership
  WHERE DeploymentId = @DeploymentId AND IAmAliveTime < @IAmAliveTime AND Status = 6
$query$),

('ReadFromStorageKey', $query$
  SELECT PayloadBinary, Version FROM OrleansStorage
  WHERE ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString
    AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
    AND GrainIdExtension = coalesce(@GrainIdExtensionString, '')
$query$),

-- A first write inserts, every other replaces exactly the version that its writer saw.
('WriteToStorageKey', $query$
  WITH updated AS (
    UPDATE OrleansStorage SET PayloadBinary = @PayloadBinary, ModifiedOn = now(), Version = Version + 1
    WHERE Version = @GrainStateVersion AND ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString
      AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
      AND GrainIdExtension = coalesce(@GrainIdExtensionString, '')
    RETURNING Version),
  inserted AS (
    INSERT INTO OrleansStorage
      (ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, GrainIdExtension, PayloadBinary, ModifiedOn, Version)
    SELECT @ServiceId, @GrainTypeString, @GrainIdN0, @GrainIdN1, coalesce(@GrainIdExtensionString, ''),
      @PayloadBinary, now(), 1
    WHERE @GrainStateVersion IS NULL
    ON CONFLICT DO NOTHING
    RETURNING Version)
  SELECT Version AS NewGrainStateVersion FROM updated
  UNION ALL SELECT Version FROM inserted
$query$),

('ClearStorageKey', $query$
  UPDATE OrleansStorage SET PayloadBinary = NULL, ModifiedOn = now(), Version = Version + 1
  WHERE Version = @GrainStateVersion AND ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString
    AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
    AND GrainIdExtension = coalesce(@GrainIdExtensionString, '')
  RETURNING Version AS NewGrainStateVersion
$query$),

('DeleteStorageKey', $query$
  DELETE FROM OrleansStorage
  WHERE Version = @GrainStateVersion AND ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString
    AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
    AND GrainIdExtension = coalesce(@GrainIdExtensionString, '')
  RETURNING Version + 1 AS NewGrainStateVersion
$query$);
