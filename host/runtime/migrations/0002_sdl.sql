-- What a plugin adds to the schema is asked for when its file is not there, too. Packages from before tell it once they are installed again.
ALTER TABLE runtime_package ADD COLUMN sdl TEXT NOT NULL DEFAULT '';
