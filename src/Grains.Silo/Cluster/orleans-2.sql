-- What only servers of this cluster know: with it they prove to each other that they belong together, where they speak
-- without TLS. Two random UUIDs; made once, here. After a change every server is restarted.
CREATE TABLE member_secret (
  id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1), -- one row
  secret text NOT NULL CHECK (length(secret) >= 64)
);

INSERT INTO member_secret (secret) VALUES (gen_random_uuid()::text || gen_random_uuid()::text);
