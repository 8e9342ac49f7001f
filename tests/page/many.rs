//! The experiment with many pictures, apart from its computing: `fake.js` answers in place of the networks.

use serde_json::{Value, json};

use crate::browser::{Gpu, Page};
use crate::faked::Host;

const NOW: &str = "document.querySelector('#many-now').textContent";

fn open(page: &Page, host: &Host) {
    page.open(&format!("{}?max_iter=2", host.url), &["ready"]);
    page.click("#many summary");
    page.until("document.querySelector('#many-go')?.disabled === false");
}

/// What the table counts, in its order.
fn counted(page: &Page) -> Value {
    page.js("[...document.querySelectorAll('#many-figures tbody tr')].filter(row => !row.hidden).map(row => row.cells[1].textContent)")
}

/// How many pictures failed, by how they did.
fn failed(page: &Page) -> Value {
    page.js("[...document.querySelectorAll('#many-failed h4')].map(title => title.textContent)")
}

#[test]
fn many_samples_are_counted_and_what_came_of_them_is_saved() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&host.url, &["ready"]);
    // A first visit loads nothing of it.
    let loaded = "performance.getEntriesByType('resource').some(({ name }) => name.includes('/www/later/many/'))";
    assert_eq!(page.js(loaded), false);

    // Where it does not come, that is told.
    host.miss("/www/later/many/view.js");
    page.click("#many summary");
    page.until("document.querySelector('#many').textContent.includes('could not be loaded')");
    host.serve("/www/later/many/view.js");

    open(&page, &host);
    page.click("#many-go");
    page.until(&format!("{NOW}.startsWith('Done: 20 of 20 pictures')"));
    // The fake takes every sample for an airplane, and after the attack for a bird, which is noticed; its corrector says car.
    let expected = ["2 of 20", "0 of 20", "2 of 2", "2 of 2", "0 of 2", "20 of 20", "2 of 20"];
    assert_eq!(counted(&page), json!(expected));
    assert_eq!(failed(&page)[1], "Detected, and corrected wrongly: 2");
    assert!(page.text("#many-figures-name").contains("knows the classifier only; 20 pictures"));
    assert_eq!(page.js("document.querySelector('#many-status').getAttribute('role')"), "status");
    // The threshold above judges these pictures, too.
    page.choose("#threshold", "1000");
    page.until(
        "document.querySelector('#many-failed h4').textContent === 'Fooled and not detected: 2'",
    );
    page.click("#threshold-reset");
    page.until(
        "document.querySelector('#many-failed h4').textContent === 'Fooled and not detected: 0'",
    );

    page.click("#many-csv");
    let table = String::from_utf8(page.saved("second-look-many.csv")).unwrap();
    assert_eq!(table.lines().count(), 21);
    assert!(table.starts_with("picture,index,class,clean_prediction"), "{table}");
    page.click("#many-json");
    let all: Value = serde_json::from_slice(&page.saved("second-look-many.json")).unwrap();
    assert_eq!(all["figures"]["fooled"]["count"], 2);
    assert_eq!(all["attacker"], "classifier");
    page.click("#many-png");
    assert!(page.saved("second-look-many.png").starts_with(b"\x89PNG"));

    // What is pressed is the page's picture now.
    page.js("document.querySelectorAll('.many-small')[1].click()");
    page.until("document.querySelector('#samples :checked').value === 'airplane-16'");
    page.until_state(&["ready"]);
    assert_eq!(page.js("document.activeElement.id"), "stage");
    page.finish(&["404"]);
}

#[test]
fn a_file_of_stl_10_is_read_in_slices_and_its_labels_count() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    open(&page, &host);
    let choose = |files: &[&str]| {
        page.tab.wait_for_element("#many-files").unwrap().set_input_files(files).unwrap();
    };
    // The fake's pictures are 8 x 8; its first value says how the picture is, the second one (in the next column) its class.
    let picture = |word: f32, class: f32| {
        let mut bytes = vec![128_u8; 3 * 8 * 8];
        (bytes[0], bytes[8]) = ((word * 25.5).round() as u8, (class * 25.5).round() as u8);
        bytes
    };
    let pictures = [picture(0.0, 3.0), picture(1.0, 3.0), picture(0.0, 5.0)].concat();
    let pixels = host.file("test_X.bin", &pictures);
    let labels = host.file("test_y.bin", [4, 4, 4]);
    let few = host.file("few_y.bin", [4]);
    let [pixels, labels, few] = [&pixels, &labels, &few].map(|path| path.to_str().unwrap());

    choose(&[pixels, few]);
    page.until("document.querySelector('#many-problem').textContent.includes('expected 3 labels, found 1')");
    choose(&[pixels, labels]);
    page.until("document.querySelector('#many-own').checked");
    page.click("#many-go");
    page.until(&format!("{NOW}.startsWith('Done: 3 of 3 pictures')"));
    // Cat, a cat that was attacked before (a false alarm), and a dog with a cat's label.
    let shares = counted(&page);
    assert_eq!([&shares[0], &shares[1], &shares[2]], ["2 of 3", "1 of 3", "2 of 2"]);
    assert_eq!(failed(&page)[2], "False alarms: 1");

    // One that is pressed is opened as any other file.
    page.js("[...document.querySelectorAll('.many-small')].at(-1).click()");
    page.until("document.querySelector('#original').getAttribute('aria-label') === 'The original: your picture'");

    // Without labels nothing is said of accuracy.
    choose(&[pixels]);
    page.until("document.querySelector('#many-problem').hidden");
    page.click("#many-go");
    page.until(&format!("{NOW}.startsWith('Done: 3 of 3 pictures')"));
    page.until("!document.querySelector('#many-labels').hidden");
    assert_eq!(counted(&page).as_array().unwrap().len(), 6);
    page.finish(&["404"]);
}
