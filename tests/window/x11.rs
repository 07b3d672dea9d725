//! The few words of the X11 protocol with which a window manager asks a window to close.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

const VIEWABLE: u8 = 2;

/// Sends `WM_DELETE_WINDOW` to each window of a display that can be seen.
pub(crate) fn close_windows(display: &str) -> io::Result<()> {
    let mut server = Server::connect(display)?;
    let protocols = server.atom("WM_PROTOCOLS")?;
    let delete = server.atom("WM_DELETE_WINDOW")?;
    for window in server.children(server.root)? {
        if server.is_viewable(window)? {
            server.send(window, protocols, delete)?;
        }
    }
    // An answer means that everything before was carried out.
    server.atom("WM_PROTOCOLS").map(drop)
}

struct Server {
    socket: UnixStream,
    root: u32,
}

impl Server {
    fn connect(display: &str) -> io::Result<Server> {
        let mut socket = UnixStream::connect(format!("/tmp/.X11-unix/X{display}"))?;
        // Little-endian, version 11.0, no authorisation.
        socket.write_all(&[b'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
        let mut head = [0; 8];
        socket.read_exact(&mut head)?;
        let mut setup = vec![0; usize::from(u16_at(&head, 6)) * 4];
        socket.read_exact(&mut setup)?;
        let vendor = usize::from(u16_at(&setup, 16)).next_multiple_of(4);
        let formats = usize::from(setup[21]) * 8;
        Ok(Server { socket, root: u32_at(&setup, 32 + vendor + formats) })
    }

    fn atom(&mut self, name: &str) -> io::Result<u32> {
        let length = u16::try_from(name.len()).expect("names are short");
        let mut body = Vec::from(length.to_le_bytes());
        body.extend([0, 0]);
        body.extend(name.as_bytes());
        body.resize(body.len().next_multiple_of(4), 0);
        Ok(u32_at(&self.ask(16, &body)?, 8))
    }

    fn children(&mut self, window: u32) -> io::Result<Vec<u32>> {
        let answer = self.ask(15, &window.to_le_bytes())?;
        Ok((0..usize::from(u16_at(&answer, 16))).map(|at| u32_at(&answer, 32 + at * 4)).collect())
    }

    fn is_viewable(&mut self, window: u32) -> io::Result<bool> {
        Ok(self.ask(3, &window.to_le_bytes())?[26] == VIEWABLE)
    }

    /// A message of 32-bit words for a window.
    fn send(&mut self, window: u32, kind: u32, word: u32) -> io::Result<()> {
        let mut body = Vec::new();
        body.extend(window.to_le_bytes());
        body.extend(0_u32.to_le_bytes());
        body.extend([33, 32, 0, 0]);
        for number in [window, kind, word, 0, 0, 0, 0] {
            body.extend(number.to_le_bytes());
        }
        self.request(25, &body)
    }

    fn request(&mut self, code: u8, body: &[u8]) -> io::Result<()> {
        let words = u16::try_from(body.len() / 4 + 1).expect("requests are short");
        let mut request = vec![code, 0];
        request.extend(words.to_le_bytes());
        request.extend(body);
        self.socket.write_all(&request)
    }

    fn ask(&mut self, code: u8, body: &[u8]) -> io::Result<Vec<u8>> {
        self.request(code, body)?;
        let mut answer = vec![0; 32];
        self.socket.read_exact(&mut answer)?;
        if answer[0] != 1 {
            return Err(io::Error::other(format!("X11 request {code} was answered by {}", answer[0])));
        }
        let more = usize::try_from(u32_at(&answer, 4)).expect("answers are short") * 4;
        answer.resize(32 + more, 0);
        self.socket.read_exact(&mut answer[32..])?;
        Ok(answer)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
