"""What an editor shows of documents while they are written; `server` speaks the Language Server Protocol."""
