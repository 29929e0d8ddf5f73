"""The knowledge base: policies as documents, the language they are written in, and the engines that run them."""
