use super::*;

const LINKS: u64 = 300;

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("resident memory");
    let kib: u64 = line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("a number");
    kib * 1024
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_idle_link_costs_at_most_40_kib_at_each_end() {
    let (ana, ben) = (open(), open());
    let before = resident();
    let more: Vec<_> = (0..20).map(|_| open()).collect();
    let port = resident().saturating_sub(before) / 20;
    drop(more);
    let mut links = Vec::new();
    for _ in 0..50 {
        links.push(link(&ana, &ben, at(ben.port())).await);
    }
    let before = resident();
    for _ in 0..LINKS {
        links.push(link(&ana, &ben, at(ben.port())).await);
    }
    // Until acknowledgements and path discovery are over.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = resident().saturating_sub(before) / LINKS / 2;
    println!("a port costs {port} bytes of resident memory");
    println!("an idle QUIC link costs {each} bytes of resident memory at each end");
    assert!(each <= 40 * 1024, "{each} bytes");
}
