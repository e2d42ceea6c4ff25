// Reads a JSON list of MJML sources and writes the HTML that npm's compiler makes of each, or null where it refuses.
const mjml = require('mjml')
const compile = mjml.default || mjml
const read = () => new Promise(done => { let all = ''; process.stdin.on('data', d => { all += d }).on('end', () => done(JSON.parse(all))) })
;(async () => {
  const made = []
  for (const source of await read()) {
    try { made.push((await compile(source, { validationLevel: 'strict', keepComments: false, fonts: {}, minify: false })).html) } catch (error) { made.push(null) }
  }
  process.stdout.write(JSON.stringify(made))
})()
