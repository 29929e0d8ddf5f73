// Starts `medproof lsp` for Markdown and .dl files. Everything else is the server's.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = async () => {
  const command = workspace.getConfiguration("medproof").get("command");
  client = new LanguageClient(
    "medproof",
    "medproof",
    { command, args: ["lsp"] },
    {
      documentSelector: [
        { scheme: "file", language: "markdown" },
        { scheme: "file", language: "datalog" },
      ],
      synchronize: { fileEvents: workspace.createFileSystemWatcher("**/*.{md,dl}") },
    },
  );
  await client.start();
};

exports.deactivate = () => client?.stop();
