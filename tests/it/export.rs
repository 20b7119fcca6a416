//! What `upshift export` writes: it is what it was, it reads back, `terraform fmt` and `systemd-analyze` find nothing in
//! it, and files that are there are not lost.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use upshift::config;
use upshift::setup::export::{File, Role, Scope, Tag, document, module, unit};
use upshift::sim::iam::Document;

use crate::process::{code_and_words, upshift};

const BOTH: &str = "ladder = [\"db.t4g.small\", \"db.m5.large\"]\n";

/// A name, a configuration: the built-in policies, and one with everything that makes a difference.
fn policies() -> Vec<(&'static str, String)> {
    let whole = format!(
        "[aws]\nregion = \"eu-west-1\"\naccount_id = \"111122223333\"\n\
         [lease]\ntable = \"leases\"\nkey = \"shop\"\n\
         [notify]\ntopic = \"arn:aws:sns:us-east-1:444455556666:upshift\"\n\
         [alarms]\nprefix = \"prod-\"\n[alarms.topics]\nalarm = [\"arn:aws:sns:eu-west-1:111122223333:pager\"]\n\
         ok = [\"arn:aws:sns:eu-west-1:111122223333:24x7\", \"arn:aws:sns:eu-west-1:111122223333:pager\"]\n\
         [[database]]\nid = \"shop\"\n{BOTH}strategy = \"blue_green\"\nproxy = \"shop-proxy\"\n\
         [database.postgres]\ndsn = \"postgresql://upshift@shop.example.com:5432/shop?sslmode=verify-full\"\n\
         password = \"iam\"\nca_file = \"/etc/upshift/rds-ca.pem\"\n\
         [[database.signal]]\nname = \"rows\"\nunit = \"rows/s\"\n\
         expression = \"DB_PERF_INSIGHTS('RDS', '{{resource_id}}', 'db.SQL.tup_inserted.avg')\"\n\
         [[database.up]]\nsignal = \"writes\"\nabove = 500\ndatapoints = 2\nperiods = 3\n\
         [[database.up]]\nsignal = \"rows\"\nabove = 1000\ndatapoints = 2\nperiods = 3\n\
         [[database]]\nid = \"plain\"\n{BOTH}\
         [database.postgres]\ndsn = \"postgresql://upshift@127.0.0.1/plain\"\n\
         password_file = \"/etc/upshift/plain 100%\"\n\
         [[database]]\nid = \"carts\"\nladder = [\"db.t4g.medium\", \"db.t4g.large\"]\nstrategy = \"reader_failover\"\n\
         [database.readers]\nmin = 1\nmax = 4\ntarget = 62.5\nmetric = \"cpu\"\n\
         [[database]]\nid = \"wide\"\nladder = [\"db.m6gd.large\", \"db.m6gd.xlarge\"]\nstrategy = \"cluster_modify\"\n"
    );
    let one = |id: &str, rest: &str| format!("[[database]]\nid = \"{id}\"\n{rest}");
    let aurora = "ladder = [\"db.t4g.medium\", \"db.t4g.large\"]\nstrategy = \"reader_failover\"\n";
    vec![
        ("in_place", format!("[control]\ngroup = \"dba\"\nadmins = \"root\"\n{}", one("checkpoints", BOTH))),
        ("blue_green", one("orders", &format!("{BOTH}strategy = \"blue_green\"\n"))),
        ("reader_failover", one("orders-aurora", aurora)),
        ("everything", whole),
    ]
}

fn written(config: &str) -> Vec<File> {
    let settings = config::parse(config, "config.toml").unwrap_or_else(|problems| panic!("{problems}"));
    let scope =
        Scope::of(&settings, vec!["upshift".to_owned()].into_iter().filter(|_| config.contains("iam")).collect());
    let tag = Tag::default();
    let mut files = module(&settings, &scope, &tag);
    files.push(File { name: "upshift-act.json", text: document(&scope, &tag, Role::Act) });
    files.push(File { name: "upshift-observe.json", text: document(&scope, &tag, Role::Observe) });
    let unit = unit(&settings, "/usr/local/bin/upshift", "/etc/upshift/config.toml");
    files.push(File { name: "upshift.service", text: unit });
    files
}

#[test]
fn it_is_what_it_was() {
    for (policy, config) in policies() {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(format!("../export/{policy}"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| {
            for file in written(&config) {
                insta::assert_snapshot!(file.name, file.text);
            }
        });
    }
}

#[test]
fn the_module_is_hcl_and_the_documents_are_enforced_by_the_simulation() {
    for (policy, config) in policies() {
        for File { name, text } in written(&config) {
            if is_kind(name, "tf") {
                let body = hcl::parse(&text).unwrap_or_else(|error| panic!("{policy}/{name}: {error}\n{text}"));
                assert!(body.iter().next().is_some(), "{policy}/{name} is empty");
            } else if is_kind(name, "json") {
                Document::parse(name, &text).unwrap_or_else(|problems| panic!("{policy}/{name}: {problems}"));
                // What IAM takes of a managed policy, spaces not counted.
                let size = text.chars().filter(|c| !c.is_whitespace()).count();
                assert!(size <= 6_144, "{policy}/{name}: {size}");
            }
        }
    }
}

/// The rules of `terraform fmt`, in words of their own: this must not be the writer that judges itself.
#[test]
fn the_module_is_formatted() {
    for (policy, config) in policies() {
        for File { name, text } in written(&config).into_iter().filter(|file| is_kind(file.name, "tf")) {
            let found = misformatted(&text);
            assert!(found.is_empty(), "{policy}/{name}:\n{}\n{text}", found.join("\n"));
        }
    }
    for planted in [
        "a = 1\nbcd = 2\n",
        "a =  1\n",
        " a = 1\n",
        "b \"c\" {\n a = 1\n}\n",
        "a = 1 \n",
        "a = [\n1,\n]\n",
        "a = 1\n\n\nb = 1\n",
    ] {
        assert!(!misformatted(planted).is_empty(), "{planted}");
    }
    assert_eq!(misformatted("a   = 1\nbcd = 2\n\nx = {\n  y    = 1\n  zzzz = \"}\"\n}\nc = 1\n"), Vec::<String>::new());
}

/// Terraform itself, where there is one.
#[test]
fn terraform_would_change_nothing() {
    let Some(terraform) = on_path(&["terraform", "tofu"]) else {
        eprintln!("there is neither terraform nor tofu here: the rules alone have judged");
        return;
    };
    for (policy, config) in policies() {
        let folder = TempDir::new().unwrap();
        for file in written(&config).into_iter().filter(|file| is_kind(file.name, "tf")) {
            fs::write(folder.path().join(file.name), file.text).unwrap();
        }
        let words = ["fmt", "-check", "-diff", "-recursive", "-no-color"];
        let done = Command::new(&terraform).args(words).current_dir(folder.path()).output().unwrap();
        assert!(done.status.success(), "{policy}: {}{}", said(&done), String::from_utf8_lossy(&done.stdout));
    }
}

#[test]
fn the_unit_of_the_repository_is_what_it_writes_for_the_example() {
    let settings = config::parse(config::example(), "config.toml.example").unwrap();
    let wanted = unit(&settings, "/usr/local/bin/upshift", "/etc/upshift/config.toml");
    assert_eq!(include_str!("../../deploy/upshift.service"), wanted, "upshift export systemd writes another one");
}

/// systemd takes every line of the unit, and finds it hardened.
#[test]
fn systemd_takes_the_unit() {
    let Some(analyze) = on_path(&["systemd-analyze"]) else {
        panic!("there is no systemd-analyze here: run tests/tools.sh");
    };
    for (policy, config) in policies() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("upshift.service");
        let settings = config::parse(&config, "config.toml").unwrap();
        fs::write(&path, unit(&settings, env!("CARGO_BIN_EXE_upshift"), "/etc/upshift/config.toml")).unwrap();
        let path = path.to_str().unwrap();
        let analyze = |words: &[&str]| Command::new(&analyze).args(words).output().unwrap();
        let verified = analyze(&["verify", "--man=no", path]);
        assert!(verified.status.success() && said(&verified).is_empty(), "{policy}: {}", said(&verified));
        // In tenths: less than the 2.0 that it may be exposed by.
        let security = analyze(&["security", "--offline=true", "--threshold=15", path]);
        let table = String::from_utf8_lossy(&security.stdout).into_owned();
        assert!(security.status.success(), "{policy}: {table}{}", said(&security));
        assert!(table.contains("Overall exposure level for upshift.service"), "{table}");
    }
}

#[test]
fn files_are_written_once_and_never_over_something_else() {
    let directory = TempDir::new().unwrap();
    let folder = directory.path().join("aws/module");
    let export = |words: &[&str]| {
        let all = [&["export", "terraform", "--sim", "aurora", "--out", "aws/module"], words].concat();
        code_and_words(&upshift(directory.path(), &all))
    };
    let (code, words) = export(&[]);
    assert!(code == 0 && words.contains("written: aws/module/iam.tf"), "{words}");
    let names = ["versions.tf", "variables.tf", "iam.tf", "outputs.tf"];
    assert!(names.iter().all(|name| folder.join(name).is_file()));
    let (code, words) = export(&[]);
    assert!(code == 0 && words.contains("unchanged: aws/module/iam.tf") && !words.contains("written"), "{words}");
    fs::write(folder.join("iam.tf"), "# mine\n").unwrap();
    fs::remove_file(folder.join("outputs.tf")).unwrap();
    let (code, words) = export(&[]);
    let expected = "nothing was written: aws/module/iam.tf is there and says something else; --force replaces it";
    assert!(code == 1 && words.contains(expected), "{words}");
    assert_eq!(fs::read_to_string(folder.join("iam.tf")).unwrap(), "# mine\n");
    assert!(!folder.join("outputs.tf").exists(), "none or all");
    let (code, words) = export(&["--force"]);
    assert!(code == 0 && words.contains("written: aws/module/iam.tf") && folder.join("outputs.tf").exists(), "{words}");
    fs::create_dir(directory.path().join("file")).unwrap();
    fs::write(directory.path().join("not-a-folder"), "").unwrap();
    let (code, words) =
        code_and_words(&upshift(directory.path(), &["export", "iam", "--sim", "--out", "not-a-folder"]));
    assert!(code == 1 && words.contains("not-a-folder"), "{words}");
}

#[test]
fn to_stdout_goes_what_a_pipe_wants() {
    let directory = TempDir::new().unwrap();
    let export = |words: &[&str]| {
        let run = upshift(directory.path(), &[&["export"], words].concat());
        assert_eq!(code_and_words(&run).0, 0, "{}", said(&run));
        String::from_utf8(run.stdout).unwrap()
    };
    let all = export(&["terraform", "--sim"]);
    assert!(all.starts_with("# versions.tf\n\n# Written by") && all.contains("\n# iam.tf\n\n"), "{all}");
    hcl::parse(&all).unwrap();
    let act = export(&["iam", "--sim", "blue-green", "--tag", "team=data platform"]);
    assert!(act.contains("\"rds:db-tag/team\"") && act.contains("\"data platform\""), "{act}");
    let observe = export(&["iam", "--sim", "blue-green", "--role", "observe"]);
    assert!(!observe.contains("Modify") && observe.contains("rds:DescribeDBInstances"), "{observe}");
    let unit = export(&["systemd", "--sim", "--binary", "/opt/up shift", "--host-config", "/etc/100%.toml"]);
    let line = "ExecStart=\"/opt/up shift\" --auto --config /etc/100%%.toml --state-dir %S/upshift\n";
    assert!(unit.contains(line), "{unit}");
    for wrong in [
        &["iam", "--sim", "--tag", "x"][..],
        &["iam", "--sim", "--tag", "aws:x=1"],
        &["systemd", "--sim", "--binary", "x"],
    ] {
        let (code, words) = code_and_words(&upshift(directory.path(), &[&["export"], wrong].concat()));
        assert_eq!(code, 2, "{words}");
    }
    let (code, words) = code_and_words(&upshift(directory.path(), &["export", "iam"]));
    assert!(code == 2 && words.contains("config.toml"), "{words}");
}

/// What `terraform fmt` would change, line by line.
fn misformatted(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    // The lines of `name = value` that follow one another: where the sign stands, and the width of the longest name.
    let mut chain: Vec<(usize, usize, usize)> = Vec::new();
    let mut blank = false;
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        let code = without_texts(trimmed);
        let closes = code.chars().take_while(|c| "]})".contains(*c)).count();
        let indent = 2 * depth.saturating_sub(closes.min(1));
        if !trimmed.is_empty() && (line.len() - line.trim_start().len()) != indent {
            found.push(format!("line {}: indented by other than {indent}", number + 1));
        }
        if line.trim_end() != line {
            found.push(format!("line {}: ends in spaces", number + 1));
        }
        if trimmed.is_empty() && blank {
            found.push(format!("line {}: a second empty line", number + 1));
        }
        blank = trimmed.is_empty();
        let opened = code.matches(['[', '{', '(']).count();
        let closed = code.matches([']', '}', ')']).count();
        let sign = (!trimmed.starts_with('#')).then(|| code.find(" = ")).flatten();
        match sign {
            Some(at) if opened == closed => chain.push((number + 1, at, code[..at].trim_end().len())),
            other => {
                found.extend(uneven(&chain));
                chain.clear();
                if let Some(at) = other.filter(|at| code[..*at].ends_with(' ')) {
                    found.push(format!("line {}: more than one space before = ({at})", number + 1));
                }
            }
        }
        if code.contains("=  ") {
            found.push(format!("line {}: more than one space behind =", number + 1));
        }
        depth = (depth + opened).saturating_sub(closed);
    }
    found.extend(uneven(&chain));
    found
}

fn uneven(chain: &[(usize, usize, usize)]) -> Vec<String> {
    let widest = chain.iter().map(|(_, _, name)| *name).max().unwrap_or_default();
    let wrong = chain.iter().filter(|(_, at, _)| *at != widest);
    wrong.map(|(line, at, _)| format!("line {line}: = at {at}, not at {widest}")).collect()
}

/// A line with every text in quotes as long as it was and of `_` only.
fn without_texts(line: &str) -> String {
    let mut inside = false;
    let mut escaped = false;
    let keep = |c: char| {
        let quote = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        inside ^= quote;
        if inside || quote { '_' } else { c }
    };
    line.chars().map(keep).collect()
}

fn is_kind(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == extension)
}

fn on_path(names: &[&str]) -> Option<std::path::PathBuf> {
    let folders = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/homebrew/bin"];
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| Path::new(folder).join(name)))
        .find(|path| path.is_file())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
