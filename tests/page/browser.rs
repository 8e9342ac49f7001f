//! A headless Chromium, the project's own server, and what a visitor does with a page.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use headless_chrome::protocol::cdp::Network;
use headless_chrome::protocol::cdp::Runtime::ConsoleAPICalledEventTypeOption;
use headless_chrome::protocol::cdp::types::Event;
use headless_chrome::protocol::cdp::{Log, Page as PageDomain};
use headless_chrome::{Browser, LaunchOptions, Tab};
use serde_json::Value;
use tempfile::TempDir;

/// `second-look serve`, until it is dropped.
pub struct Server {
    process: Child,
    pub url: String,
}

impl Server {
    /// Serves the page that is in `folder`.
    pub fn start(folder: &Path) -> Self {
        Self::with(folder, &[])
    }

    /// The same, with further arguments.
    pub fn with(folder: &Path, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_page-server"))
            .args(["serve", "--no-open", "--port", "0"])
            .args(arguments)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().rsplit(' ').next().unwrap().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{line}");
        Self { process, url }
    }

    /// The one that most tests share: this project's page.
    pub fn of_project() -> Self {
        Self::start(Path::new(crate::ROOT))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A page in a browser of its own.
pub struct Page {
    pub tab: Arc<Tab>,
    /// Ends when it is dropped.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "held, and asked on Linux"))]
    browser: Browser,
    problems: Arc<Mutex<Vec<String>>>,
    downloads: TempDir,
}

/// Which of the two ways of computing the browser can offer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Gpu {
    /// None: `requestAdapter` answers null.
    None,
    /// One in software.
    Software,
}

impl Page {
    /// A browser without a page yet, or `None`, said loudly, where there is none to start.
    pub fn new(gpu: Gpu) -> Option<Self> {
        let path = match headless_chrome::browser::default_executable() {
            Ok(path) => path,
            Err(reason) => {
                assert!(
                    std::env::var_os("SECOND_LOOK_BROWSER").is_none_or(|v| v != "required"),
                    "{reason}"
                );
                // Straight to the terminal: what a passing test prints is not shown.
                let _ = std::io::stderr().write_all(
                    b"\nNOT TESTED: the page. There is no Chromium or Chrome here; install one (Debian: apt-get \
                      install chromium), or name one in the variable CHROME.\n\n",
                );
                return None;
            }
        };
        let mut arguments =
            ["--disable-quic", "--disable-component-update"].map(OsStr::new).to_vec();
        if gpu == Gpu::Software {
            arguments.push(OsStr::new("--enable-unsafe-webgpu"));
        }
        let options = LaunchOptions::default_builder()
            .path(Some(path))
            .sandbox(false)
            .enable_gpu(true)
            .window_size(Some((1280, 900)))
            .idle_browser_timeout(Duration::from_secs(300))
            .args(arguments)
            .build()
            .unwrap();
        let browser = Browser::new(options).unwrap();
        let tab = browser.new_tab().unwrap();
        tab.set_default_timeout(Duration::from_secs(60));
        let problems = Arc::new(Mutex::new(Vec::new()));
        let downloads = tempfile::tempdir().unwrap();
        tab.enable_log().unwrap();
        tab.enable_runtime().unwrap();
        tab.call_method(Network::Enable {
            max_total_buffer_size: None,
            max_resource_buffer_size: None,
            max_post_data_size: None,
            report_direct_socket_traffic: None,
            enable_durable_messages: None,
        })
        .unwrap();
        #[allow(deprecated)] // the tab's own; the browser's needs its context
        tab.call_method(PageDomain::SetDownloadBehavior {
            behavior: PageDomain::SetDownloadBehaviorBehaviorOption::Allow,
            download_path: Some(downloads.path().display().to_string()),
        })
        .unwrap();
        let seen = Arc::clone(&problems);
        tab.add_event_listener(Arc::new(move |event: &Event| {
            if let Some(problem) = problem(event) {
                seen.lock().unwrap().push(problem);
            }
        }))
        .unwrap();
        Some(Self { tab, browser, problems, downloads })
    }

    /// Opens an address and waits until the page is in one of these states.
    pub fn open(&self, url: &str, states: &[&str]) {
        self.tab.navigate_to(url).unwrap().wait_until_navigated().unwrap();
        self.until_state(states);
    }

    /// The value of a JavaScript expression.
    #[track_caller]
    pub fn js(&self, expression: &str) -> Value {
        let script = format!("(async () => JSON.stringify(await ({expression})) ?? 'null')()");
        let answer = self.tab.evaluate(&script, true).unwrap();
        let text = answer.value.unwrap_or_else(|| panic!("{expression}: {:?}", answer.description));
        serde_json::from_str(text.as_str().unwrap()).unwrap()
    }

    /// Waits until a JavaScript expression, or what it promises, is true.
    #[track_caller]
    pub fn until(&self, expression: &str) {
        let start = Instant::now();
        while self.js(&format!("Boolean(await ({expression}))")) != true {
            assert!(
                start.elapsed() < Duration::from_secs(240),
                "never true: {expression}; state {}, saying \"{}\" \"{}\"; problems {:?}",
                self.state(),
                self.text("#headline"),
                self.text("#notice-text"),
                self.problems.lock().unwrap()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    #[track_caller]
    pub fn until_state(&self, states: &[&str]) {
        let list = serde_json::to_string(states).unwrap();
        self.until(&format!("{list}.includes(document.documentElement?.dataset.state)"));
    }

    pub fn state(&self) -> String {
        self.js("document.documentElement.dataset.state").as_str().unwrap().to_owned()
    }

    pub fn backend(&self) -> String {
        self.js("document.documentElement.dataset.backend").as_str().unwrap().to_owned()
    }

    pub fn text(&self, selector: &str) -> String {
        let text = self.js(&format!("document.querySelector('{selector}').textContent"));
        text.as_str().unwrap().to_owned()
    }

    /// Clicks where the element is, as a mouse does.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        self.tab.wait_for_element(selector).unwrap().click().unwrap();
    }

    /// Chooses an option or sets a slider, and says so, as the browser does.
    pub fn choose(&self, selector: &str, value: &str) {
        self.js(&format!(
            "(node => {{ node.value = '{value}'; node.dispatchEvent(new Event('input', {{ bubbles: true }})); \
             node.dispatchEvent(new Event('change', {{ bubbles: true }})); }})(document.querySelector('{selector}'))"
        ));
    }

    pub fn press(&self, key: &str) {
        self.tab.press_key(key).unwrap();
    }

    /// Opens a picture file of the visitor's own.
    pub fn upload(&self, path: &Path) {
        let field = self.tab.wait_for_element("#file").unwrap();
        field.set_input_files(&[path.to_str().unwrap()]).unwrap();
    }

    /// What the last click saved.
    #[track_caller]
    pub fn saved(&self, name: &str) -> Vec<u8> {
        let path = self.downloads.path().join(name);
        let start = Instant::now();
        loop {
            // The file is there, and empty, before its contents are.
            let bytes = std::fs::read(&path).unwrap_or_default();
            if !bytes.is_empty() {
                return bytes;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{name} was not saved");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Removes what was saved, so that it can be saved again under the same name.
    pub fn forget(&self, name: &str) {
        std::fs::remove_file(self.downloads.path().join(name)).unwrap();
    }

    /// The run as the page saves it.
    #[track_caller]
    pub fn run(&self, name: &str) -> Value {
        self.click("#save-json");
        serde_json::from_slice(&self.saved(name)).unwrap()
    }

    /// Kills the browser's GPU process, as a crashing driver does.
    #[cfg(target_os = "linux")]
    pub fn crash_gpu(&self) {
        let browser = self.browser.get_process_id().unwrap().to_string();
        let parent = |process: &str| {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            // The name before it may hold anything, but ends with a bracket.
            let after = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
            after.split(' ').nth(1).map(str::to_owned)
        };
        let gpu = std::fs::read_dir("/proc").unwrap().find_map(|entry| {
            let process = entry.unwrap().file_name().into_string().unwrap();
            let command = std::fs::read_to_string(format!("/proc/{process}/cmdline")).ok()?;
            let ancestors = std::iter::successors(Some(process.clone()), |p| parent(p)).take(4);
            (command.contains("--type=gpu-process") && ancestors.into_iter().any(|p| p == browser))
                .then_some(process)
        });
        let kill = format!("kill -KILL {}", gpu.expect("the browser has a GPU process"));
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Fails when the browser complained, or the page asked for anything from elsewhere; but for complaints
    /// with one of these words, which the test provoked.
    #[track_caller]
    pub fn finish(self, provoked: &[&str]) {
        let problems = self.problems.lock().unwrap();
        let unexpected: Vec<_> =
            problems.iter().filter(|p| !provoked.iter().any(|word| p.contains(word))).collect();
        assert!(unexpected.is_empty(), "{unexpected:#?}");
    }
}

/// What no page of ours should make a browser say or do.
fn problem(event: &Event) -> Option<String> {
    // What it says itself when it is asked for a GPU that it has not; the page then takes the CPU.
    const NO_GPU: &str = "No available adapters";
    match event {
        Event::LogEntryAdded(added) if added.params.entry.text.contains(NO_GPU) => None,
        Event::RuntimeExceptionThrown(thrown) => {
            Some(format!("exception: {:?}", thrown.params.exception_details))
        }
        Event::RuntimeConsoleAPICalled(call) => {
            use ConsoleAPICalledEventTypeOption::{Assert, Error, Warning};
            matches!(call.params.Type, Error | Assert | Warning)
                .then(|| format!("console: {:?}", call.params.args))
        }
        Event::LogEntryAdded(added) => {
            let entry = &added.params.entry;
            matches!(entry.level, Log::LogEntryLevel::Error | Log::LogEntryLevel::Warning)
                .then(|| format!("log: {} {:?}", entry.text, entry.url))
        }
        Event::NetworkRequestWillBeSent(sent) => {
            let url = &sent.params.request.url;
            let own =
                ["http://127.0.0.1:", "blob:", "data:"].iter().any(|own| url.starts_with(own));
            (!own).then(|| format!("request to {url}"))
        }
        _ => None,
    }
}
