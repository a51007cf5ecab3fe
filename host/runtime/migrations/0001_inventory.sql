CREATE TABLE runtime_package (
  digest TEXT PRIMARY KEY,
  plugin TEXT NOT NULL,
  version TEXT NOT NULL,
  manifest TEXT NOT NULL,
  -- What it adds to the schema, and which topics it subscribes to (patterns, a JSON array): asked for when its file is not here, and by hosts
  -- that cannot read its manifest.
  sdl TEXT NOT NULL,
  topics TEXT NOT NULL,
  size BIGINT NOT NULL,
  installed_at BIGINT NOT NULL,
  installed_by TEXT NOT NULL
);
CREATE INDEX runtime_package_plugin ON runtime_package (plugin);
CREATE TABLE runtime_enabled (
  convention TEXT NOT NULL,
  plugin TEXT NOT NULL,
  digest TEXT NOT NULL REFERENCES runtime_package (digest),
  config TEXT NOT NULL,
  grants TEXT NOT NULL,
  enabled_at BIGINT NOT NULL,
  enabled_by TEXT NOT NULL,
  PRIMARY KEY (convention, plugin)
);
