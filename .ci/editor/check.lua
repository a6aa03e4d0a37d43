-- Opens two scenarios with the language server behind them, and looks at what Neovim got from it.
local folder = os.getenv('SCENARIOS')
local config = { name = 'assize', cmd = { os.getenv('ASSIZE'), 'lsp' }, root_dir = folder }

local function fail(why)
  io.stderr:write(why .. '\n')
  vim.cmd('cquit')
end

-- How long the server may take for an answer: hundreds of times what it needs, since the machine may be busy.
local patience = 20000

local function open(name)
  vim.cmd('edit ' .. folder .. '/' .. name)
  local client = vim.lsp.start and vim.lsp.start(config) or vim.lsp.start_client(config)
  vim.lsp.buf_attach_client(0, client)
  if not vim.wait(patience, function()
    local server = vim.lsp.get_client_by_id(client)
    return server and server.initialized
  end, 20) then
    fail(name .. ': the server does not answer')
  end
end

local function ask(method, params)
  local answers = vim.lsp.buf_request_sync(0, method, params, patience)
  local _, answer = next(answers or {})
  if not answer or not answer.result then
    fail(method .. ' brings nothing: ' .. vim.inspect(answers))
  end
  return answer.result
end

open('faulty.scenario')
if not vim.wait(patience, function() return #vim.diagnostic.get(0) > 0 end, 20) then
  fail('no fault is shown in faulty.scenario')
end
local fault = vim.diagnostic.get(0)[1]
if fault.lnum ~= 3 or not fault.message:find('base.get-2000', 1, true) then
  fail('another fault is shown than the misspelt id in line 4: ' .. vim.inspect(fault))
end

vim.api.nvim_win_set_cursor(0, { 4, 7 })
local completed = vim.inspect(ask('textDocument/completion', vim.lsp.util.make_position_params(0, 'utf-16')))
if not completed:find('base.get-200', 1, true) then
  fail('ids of requirements are not completed: ' .. completed)
end

open('whole.scenario')
vim.api.nvim_win_set_cursor(0, { 5, 7 })
local explained = vim.inspect(ask('textDocument/hover', vim.lsp.util.make_position_params(0, 'utf-16')))
if not explained:find('base.get-200', 1, true) then
  fail('the requirement under the cursor is not explained: ' .. explained)
end
if #vim.diagnostic.get(0) > 0 then
  fail('a fault is shown in a scenario without one: ' .. vim.inspect(vim.diagnostic.get(0)))
end

local before = vim.api.nvim_buf_get_lines(0, 0, -1, false)
vim.api.nvim_buf_set_lines(0, 0, 1, false, { '   ' .. before[1] })
local edits = ask('textDocument/formatting', vim.lsp.util.make_formatting_params())
vim.lsp.util.apply_text_edits(edits, 0, 'utf-16')
local after = vim.api.nvim_buf_get_lines(0, 0, -1, false)
if not vim.deep_equal(before, after) then
  fail('formatting does not bring back what was there: ' .. vim.inspect(after))
end
io.stdout:write('Neovim shows a fault, completes, explains and formats\n')
vim.cmd('quitall!')
