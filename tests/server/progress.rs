//! What goes on is shown to people at a terminal, and to nobody else.

use std::io::Read as _;
use std::process::Child;
use std::time::Duration;

use conman_tests::{Conman, conman, tempfile};
use tokio::net::TcpListener;

/// Longer than anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the command is about.
const WHAT: &str = "installing quiet.wasm";

#[tokio::test]
async fn progress_is_for_people_at_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("quiet.wasm");
    std::fs::write(&package, "whatever").unwrap();
    // It takes requests and answers none, so what goes on goes on for as long as the test likes.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let install = || conman().args(["--host", &address, "plugin", "install"]).arg(&package);
    let begun = async |command: Conman| {
        let child = command.spawn();
        let asked = tokio::time::timeout(PATIENCE, silent.accept()).await.expect("the host is asked").unwrap();
        (child, asked)
    };

    let Some(shown) = install().in_a_terminal() else { return };
    let programs = begun(install().arg("--json").in_a_terminal().unwrap()).await;
    let elsewhere = begun(install()).await;
    let (people, asked) = begun(shown).await;
    let (people, read) = tokio::time::timeout(PATIENCE, read_until_told(people)).await.expect("progress is shown");
    assert!(read.contains(WHAT), "{read}");

    // The others have waited for longer than that.
    drop(asked);
    let _ = wait(people);
    for (quiet, asked) in [programs, elsewhere] {
        drop(asked);
        let (code, told) = wait(quiet);
        assert_eq!(code, Some(6), "{told}");
        assert!(told.contains("cannot reach") && !told.contains(WHAT), "{told}");
    }
}

/// Reads what comes to the terminal until it says what goes on.
async fn read_until_told(mut child: Child) -> (Child, String) {
    let reading = tokio::task::spawn_blocking(move || {
        let (mut read, mut piece) = (Vec::new(), [0; 1024]);
        let told = |read: &[u8]| String::from_utf8_lossy(read).into_owned();
        while !told(&read).contains(WHAT) {
            match child.stdout.as_mut().unwrap().read(&mut piece).unwrap() {
                0 => break,
                count => read.extend_from_slice(&piece[..count]),
            }
        }
        let read = told(&read);
        (child, read)
    });
    reading.await.unwrap()
}

/// Its exit code, and the rest of what it said.
fn wait(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&told).into_owned())
}
