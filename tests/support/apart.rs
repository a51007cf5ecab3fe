//! A host in a process of its own, as an operator runs it, that may be stopped and started again.

use std::path::Path;

use conman_server::DataFolder;
use tempfile::TempDir;

use crate::{Client, Database, Operator, Served, conman};

/// `conman serve` on a data folder of its own.
#[derive(Debug)]
pub struct HostApart {
    served: Option<Served>,
    folder: TempDir,
    database: Database,
}

impl HostApart {
    /// Starts one.
    #[must_use]
    pub fn start(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let served = serve(folder.path(), &database);
        Self { served: Some(served), folder, database }
    }

    /// Where it serves; another place after each start.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.served.as_ref().unwrap().address
    }

    /// The same person, talking to the host where it serves now.
    #[must_use]
    pub fn again(&self, client: &Client) -> Client {
        Client::anonymous(self.address()).with_token(&client.token().unwrap())
    }

    /// Whoever runs it.
    #[must_use]
    pub fn operator(&self) -> Operator {
        let secret = DataFolder::at(self.folder.path()).door_secret().unwrap().unwrap();
        Operator::new(Client::anonymous(self.address()).with_token(&secret))
    }

    /// Ends it as a power cut would, and starts another on the same data.
    pub fn restart_after_power_cut(&mut self) {
        self.served.take().unwrap().kill();
        self.served = Some(serve(self.folder.path(), &self.database));
    }

    /// Asks it to stop, and starts another on the same data.
    pub fn restart(&mut self) {
        let served = self.served.take().unwrap();
        served.terminate();
        let (code, log) = served.wait();
        assert_eq!(code, 0, "{log}");
        self.served = Some(serve(self.folder.path(), &self.database));
    }
}

fn serve(folder: &Path, database: &Database) -> Served {
    conman().postgres(database.url()).serve(folder)
}
