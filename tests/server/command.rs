//! The command does the same on a running host and on the data folder itself.

use std::path::Path;

use conman_tests::{Conman, Database, conman, on_each_database, package, repacked, tempfile};
use serde_json::json;

/// A convention, people and a plugin, made and used through the command alone.
fn story(command: &dyn Fn() -> Conman, on_folder: bool) {
    let made = command()
        .args([
            "convention",
            "create",
            "con",
            "--name",
            "The Con",
            "--time-zone",
            "Europe/Berlin",
            "--starts-on",
            "2026-08-14",
            "--ends-on",
            "2026-08-16",
            "--live",
            "--json",
        ])
        .run()
        .successful();
    assert_eq!((&made.json()["slug"], &made.json()["state"]), (&json!("con"), &json!("LIVE")));
    let again =
        command().args(["convention", "create", "con", "--starts-on", "2026-08-14", "--ends-on", "2026-08-16"]).run();
    assert_eq!(again.code, 7, "{}", again.stderr);

    let account = command()
        .args(["account", "create", "ada@con.example", "--name", "Ada", "--role", "admin", "-c", "con", "--json"])
        .run()
        .successful();
    let generated = account.json()["password"].as_str().unwrap().to_owned();
    assert!(generated.len() >= 12, "{generated}");
    let given = command()
        .args(["account", "create", "vera@con.example", "--name", "Vera", "--password-stdin", "--json"])
        .run_with_input("a long enough passphrase\n")
        .successful();
    assert!(given.json()["password"].is_null());

    let file = package("hello");
    let installed = command().args(["plugin", "install", "--json"]).arg(&file).run().successful();
    assert_eq!(installed.json()["id"], "examples/hello");
    let _ = command().args(["plugin", "enable", "examples/hello"]).run().successful();
    let listed = command().args(["plugin", "list"]).run().successful();
    assert!(listed.stdout.contains("examples/hello") && listed.stdout.contains("enabled"), "{}", listed.stdout);

    let signed = command()
        .args([
            "graphql",
            "-c",
            "con",
            "mutation($name: String!) { sign(name: $name) { name } }",
            "--variables",
            r#"{"name":"Vera"}"#,
        ])
        .run()
        .successful();
    assert_eq!(signed.json()["sign"]["name"], "Vera");
    let table = command().args(["graphql", "-c", "con", "{ guests { name } }", "--table"]).run().successful();
    assert!(table.stdout.contains("Vera") && table.stdout.contains("name"), "{}", table.stdout);
    let logs = command().args(["convention", "show"]).run().successful();
    assert!(logs.stdout.contains("The Con") && logs.stdout.contains("Hello"), "{}", logs.stdout);

    // The host itself makes tokens for anybody, people only for themselves.
    let whose: &[&str] = if on_folder { &["--account", "ada@con.example"] } else { &[] };
    let token = command().args(["token", "create", "display", "--json"]).args(whose).run().successful();
    assert!(token.json()["secret"].as_str().is_some_and(|secret| secret.len() > 20));

    let wrong = command().args(["graphql", "-c", "con", "{ nothing }"]).run();
    assert_eq!(wrong.code, 7, "{}", wrong.stderr);
    let missing = command().args(["graphql", "-c", "nowhere", "{ me { kind } }", "--json"]).run();
    assert_eq!(missing.code, 3, "{}", missing.stderr);
    let error: serde_json::Value = serde_json::from_str(&missing.stderr).unwrap();
    assert_eq!(error["error"]["code"], "not-found");

    let _ = command().args(["plugin", "disable", "examples/hello"]).run().successful();
    let doctor = command().args(["doctor", "--json"]).run().successful();
    let findings = doctor.json();
    assert!(
        findings
            .as_array()
            .unwrap()
            .iter()
            .any(|finding| finding["subject"] == "packages" && finding["severity"] == "fine"),
        "{findings}"
    );
}

fn on(folder: &Path, database: &Database) -> impl Fn() -> Conman + use<> {
    let (folder, url) = (folder.to_owned(), database.url());
    move || conman().postgres(url.clone()).data(&folder)
}

fn with_convention(command: &dyn Fn() -> Conman) {
    let create = ["convention", "create", "con", "--starts-on", "2027-06-11", "--ends-on", "2027-06-13"];
    let _ = command().args(create).run().successful();
}

on_each_database! {
    async fn on_the_data_folder_itself(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        story(&on(folder.path(), &database), true);
    }
}

on_each_database! {
    async fn on_the_data_folder_of_a_running_host(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        let _served = conman().postgres(database.url()).serve(folder.path());
        story(&on(folder.path(), &database), true);
    }
}

on_each_database! {
    async fn on_a_host_elsewhere_with_a_token(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        let made = on(folder.path(), &database)().args(["account", "create", "root@example.org", "--name", "Root", "--role", "owner", "--json"]).run().successful();
        assert!(made.json()["password"].is_string());
        let token = on(folder.path(), &database)().args(["token", "create", "remote", "--account", "root@example.org", "--json"]).run().successful();
        let token = token.json()["secret"].as_str().unwrap().to_owned();
        let served = conman().postgres(database.url()).serve(folder.path());
        let address = served.address.clone();
        let (remote, secret) = (address.clone(), token.clone());
        story(&move || conman().args(["--host", &remote, "--token", &secret]), false);

        let nobody = conman().args(["--host", &address, "plugin", "list"]).run();
        assert_eq!(nobody.code, 4, "{}", nobody.stderr);
        let wrong = conman().args(["--host", &address, "--token", "nonsense", "convention", "list"]).run();
        assert_eq!(wrong.code, 4, "{}", wrong.stderr);
        served.kill();
        let gone = conman().args(["--host", &address, "--token", &token, "convention", "list"]).run();
        assert_eq!(gone.code, 6, "{}", gone.stderr);
    }
}

on_each_database! {
    async fn files_go_in_and_out_in_the_formats_that_plugins_speak(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        let command = on(folder.path(), &database);
        let _ = command()
            .args(["convention", "create", "con", "--time-zone", "Europe/Berlin", "--starts-on", "2027-06-11", "--ends-on", "2027-06-13"])
            .run()
            .successful();
        let none = command().args(["export", "--format", "csv"]).run();
        assert_eq!(none.code, 3, "{}", none.stderr);
        assert!(none.stderr.contains("plugin enabled"), "{}", none.stderr);

        let _ = command().args(["plugin", "install"]).arg(package("core-programming")).run().successful();
        let _ = command().args(["plugin", "enable", "conman/core-programming"]).run().successful();
        let programme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/sample-convention/programme.csv");
        let report = command().args(["import", "--json"]).arg(&programme).run().successful();
        assert!(report.json()["added"]["sessions"].as_u64().unwrap() > 100, "{}", report.stdout);
        let again = command().arg("import").arg(&programme).run().successful();
        assert!(again.stdout.contains("sessions") && again.stdout.contains("Removed"), "{}", again.stdout);

        let listed = command().arg("export").run().successful();
        assert!(listed.stdout.contains("frab-xml") && listed.stdout.contains("icalendar"), "{}", listed.stdout);
        let file = folder.path().join("out.xml");
        let wrote = command().args(["export", "--json", "-o"]).arg(&file).run().successful();
        assert_eq!(wrote.json()["format"], "frab-xml");
        assert!(std::fs::read_to_string(&file).unwrap().contains("<schedule"));
        let out = command().args(["export", "--format", "icalendar"]).run().successful();
        assert!(out.stdout.starts_with("BEGIN:VCALENDAR"), "{}", out.stdout);
        let mixed = command().args(["export", "--format", "icalendar", "--json"]).run();
        assert_eq!((mixed.code, mixed.stdout.as_str()), (2, ""));
        assert!(mixed.stderr.contains("the file itself is the answer"), "{}", mixed.stderr);

        let broken = folder.path().join("broken.xml");
        std::fs::write(&broken, "<schedule><day>").unwrap();
        let refused = command().arg("import").arg(&broken).run();
        assert_ne!(refused.code, 0, "{}", refused.stdout);
        assert!(refused.stderr.contains("broken.xml"), "{}", refused.stderr);
        let large = folder.path().join("large.xml");
        std::fs::File::create(&large).unwrap().set_len(200 << 20).unwrap();
        let refused = command().arg("import").arg(&large).run();
        assert_eq!(refused.code, 7, "{}", refused.stderr);
        assert!(refused.stderr.contains("at most"), "{}", refused.stderr);
    }
}

on_each_database! {
    async fn programs_read_a_plugins_log_lines_as_json_throughout(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        // Lines are kept by the host that they were written in.
        let _served = conman().postgres(database.url()).serve(folder.path());
        let command = on(folder.path(), &database);
        with_convention(&command);
        let _ = command().args(["plugin", "install"]).arg(package("core-programming")).run().successful();
        let _ = command().args(["plugin", "enable", "conman/core-programming"]).run().successful();
        let table = folder.path().join("programme.csv");
        std::fs::write(&table, "title\nOpening\n").unwrap();
        let _ = command().arg("import").arg(&table).run().successful();
        let logs = command().args(["plugin", "logs", "conman/core-programming", "--json"]).run().successful();
        let lines = logs.json();
        let line = lines.as_array().unwrap().iter().find(|line| line["message"] == "imported").unwrap();
        assert_eq!((&line["fields"]["format"], &line["fields"]["sessions"]), (&json!("csv"), &json!(1)), "{line}");
    }
}

on_each_database! {
    async fn a_data_folder_alone_says_who_keeps_log_lines(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        let command = on(folder.path(), &database);
        with_convention(&command);
        let _ = command().args(["plugin", "install"]).arg(package("hello")).run().successful();
        let _ = command().args(["plugin", "enable", "examples/hello"]).run().successful();
        let logs = || command().args(["plugin", "logs", "examples/hello"]);
        let people = logs().run().successful();
        assert_eq!(people.stdout, "");
        assert!(people.stderr.contains("kept by the running host only"), "{}", people.stderr);
        let programs = logs().arg("--json").run().successful();
        assert_eq!(programs.json(), json!([]));
        let warning: serde_json::Value = serde_json::from_str(programs.stderr.lines().last().unwrap()).unwrap();
        assert!(warning["warning"].as_str().unwrap().contains("conman serve"), "{warning}");

        let _served = conman().postgres(database.url()).serve(folder.path());
        assert_eq!(logs().run().successful().stderr, "");
    }
}

#[test]
fn the_command_line_says_what_is_wrong_with_it() {
    assert_eq!(conman().arg("dance").run().code, 2);
    let folder = tempfile::tempdir().unwrap();
    let nothing = conman().args(["import", "/nonexistent.xml"]).data(folder.path()).run();
    assert_eq!(nothing.code, 3, "{}", nothing.stderr);
    let version = conman().arg("--version").run().successful();
    assert!(version.stdout.starts_with("conman "), "{}", version.stdout);
}

#[test]
fn a_program_is_told_in_json_what_is_wrong_with_its_command_line() {
    for wrong in [&["dance", "--json"][..], &["--json"], &["convention", "create", "--json"]] {
        let done = conman().args(wrong).run();
        assert_eq!((done.code, done.stdout.as_str()), (2, ""), "{wrong:?}");
        let error: serde_json::Value = serde_json::from_str(&done.stderr).unwrap();
        assert_eq!(error["error"]["code"], "usage", "{error}");
        assert!(!error["error"]["message"].as_str().unwrap().is_empty(), "{error}");
    }
    let help = conman().args(["--help", "--json"]).run().successful();
    assert!(help.stdout.contains("Usage"), "{}", help.stdout);
}

on_each_database! {
    async fn what_was_made_can_be_corrected_and_taken_back(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        let command = on(folder.path(), &database);
        with_convention(&command);
        let updated = command().args(["convention", "update", "con", "--time-zone", "Europe/Berlin", "--ends-on", "2027-06-14", "--json"]).run().successful();
        assert_eq!((&updated.json()["timeZone"], &updated.json()["startsOn"], &updated.json()["endsOn"]), (&json!("Europe/Berlin"), &json!("2027-06-11"), &json!("2027-06-14")));

        let _ = command().args(["plugin", "install"]).arg(package("hello")).run().successful();
        let _ = command().args(["plugin", "enable", "examples/hello"]).run().successful();
        let in_use = command().args(["plugin", "uninstall", "examples/hello"]).run();
        assert_eq!(in_use.code, 1, "{}", in_use.stderr);
        let _ = command().args(["plugin", "disable", "examples/hello"]).run().successful();
        let _ = command().args(["plugin", "uninstall", "examples/hello"]).run().successful();
        let gone = command().args(["plugin", "uninstall", "examples/hello"]).run();
        assert_eq!(gone.code, 3, "{}", gone.stderr);
        assert!(gone.stderr.contains("no package of examples/hello is installed"), "{}", gone.stderr);

        let table = command().args(["graphql", "{ conventions { slug } }", "--table", "--json"]).run().successful();
        assert_eq!(table.json()["conventions"][0]["slug"], "con");
    }
}

on_each_database! {
    async fn which_of_several_packages_is_uninstalled_is_said_by_version_or_digest(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        let command = on(folder.path(), &database);
        let install = |bytes: Vec<u8>| {
            let file = folder.path().join("package.wasm");
            std::fs::write(&file, bytes).unwrap();
            command().args(["plugin", "install", "--json"]).arg(&file).run().successful().json()
        };
        let text = |package: &serde_json::Value, key: &str| package[key].as_str().unwrap().to_owned();
        with_convention(&command);
        let first = install(std::fs::read(package("hello")).unwrap());
        let twin = install(repacked("hello", |parts| parts.manifest.push_str("# the same version, another package\n")));
        let newer = install(repacked("hello", |parts| parts.manifest = parts.manifest.replacen("version = \"", "version = \"9", 1)));
        let (version, digest) = (text(&first, "version"), text(&first, "digest"));
        assert_eq!(text(&twin, "version"), version);
        let uninstall = |more: &[&str]| command().args(["plugin", "uninstall", "examples/hello"]).args(more).run();

        let ambiguous = uninstall(&[]);
        assert_eq!(ambiguous.code, 2, "{}", ambiguous.stderr);
        for package in [&first, &twin, &newer] {
            let told = format!("{} (digest {})", text(package, "version"), &text(package, "digest")[..12]);
            assert!(ambiguous.stderr.contains(&told), "{}", ambiguous.stderr);
        }
        let unknown = uninstall(&["--version", "0.0.1"]);
        assert_eq!(unknown.code, 3, "{}", unknown.stderr);
        assert!(unknown.stderr.contains(&text(&newer, "version")), "{}", unknown.stderr);
        let twins = uninstall(&["--version", &version]);
        assert_eq!(twins.code, 2, "{}", twins.stderr);
        assert!(twins.stderr.contains(&digest[..12]) && !twins.stderr.contains(&text(&newer, "version")), "{}", twins.stderr);

        let _ = uninstall(&["--version", &text(&newer, "version")]).successful();
        let _ = uninstall(&["--digest", &digest[..12]]).successful();
        let left = command().args(["graphql", "{ packages { digest } }", "--json"]).run().successful();
        assert_eq!(left.json()["packages"], json!([{ "digest": twin["digest"] }]));
        let _ = uninstall(&[]).successful();
    }
}
